import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command, probedCommand } from '../../src/operations/index.ts';
import { sh } from '../../src/runbook/index.ts';
import { temporaryFolder } from '../host/folder.ts';
import { drive, preview } from './drive.ts';

test('a command runs what it was given as data, and its undo takes it back', async () => {
  const folder = join(temporaryFolder(), 'new folder');
  const step = await drive(command, { commands: [sh`mkdir ${folder}`], undo: [sh`rmdir ${folder}`] });
  expect(step.described).toEqual([{ argv: ['mkdir', folder] }]);
  await step.act();
  expect(existsSync(folder)).toBe(true);
  await step.undo();
  expect(existsSync(folder)).toBe(false);
});

test('a command that fails stops with its output', async () => {
  const step = await drive(command, { commands: [sh`ls /nowhere-at-all`], undo: [] });
  await expect(step.act()).rejects.toMatchObject({
    code: 'command.failed',
    message: expect.stringContaining('/nowhere-at-all'),
  });
});

test('a command without arguments, or with an argument that is no text, is refused before anything runs', () => {
  expect(command.input.safeParse({ commands: [{ argv: [] }], undo: [] }).success).toBe(false);
  expect(command.input.safeParse({ commands: [{ argv: ['ls', 5] }], undo: [] }).success).toBe(false);
  expect(command.input.safeParse({ commands: [sh`ls`] }).success).toBe(false);
});

test('the probe of a probed command answers before, after and once it is undone', async () => {
  const file = join(temporaryFolder(), 'made');
  const given = {
    commands: [sh`touch ${file}`],
    probe: { command: sh`test -e ${file}` },
    undo: [sh`rm -f ${file}`],
  };
  expect((await preview(probedCommand, given)).facts).toEqual({ probe: 'not-started' });
  const step = await drive(probedCommand, given);
  expect(await step.probe()).toBe('not-started');
  await step.act();
  expect(await step.probe()).toBe('done');
  await step.undo();
  await step.undo();
  expect(await step.probe()).toBe('not-started');
});

test('an exit code that the probe was not told of means that nobody knows', async () => {
  const step = await drive(probedCommand, {
    commands: [sh`true`],
    probe: { command: { argv: ['sh', '-c', 'exit 7'] } },
    undo: [sh`true`],
  });
  expect(await step.probe()).toEqual({ unknown: "sh -c 'exit 7' exited with 7" });
});

test('commands that succeed without the effect that the probe looks for are a failure', async () => {
  const step = await drive(probedCommand, {
    commands: [sh`true`],
    probe: { command: sh`test -e /nowhere-at-all` },
    undo: [sh`true`],
  });
  await expect(step.act()).rejects.toMatchObject({ code: 'command.not-done' });
});
