import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import {
  liveDocument,
  logsDocument,
  planDocument,
  resultDocument,
  rollbackPlanDocument,
  showDocument,
  stateDocument,
  statusDocument,
} from '../../../src/render/documents/index.ts';
import { runsOf } from '../../cli-processes/journal-facts.ts';
import { migrate, program, start, type Ended } from '../../cli-processes/migrate.ts';
import { newPlace, stateOf, type Place } from '../../cli-processes/place.ts';

const timeout = 300_000;
const gatesFile = resolve(import.meta.dirname, '../../cli-processes/runbooks/gates.ts');
const ansi = '\u001b';

/** What a reading command prints, as text and as its document; each option stands before the command or after it. */
async function bothWays(place: Place, schema: z.ZodType, ...args: readonly string[]): Promise<Ended> {
  // The option goes before the variable.
  const elsewhere = { env: { MIGRATE_STATE_DIR: '/nonexistent/state' } };
  const [text, before, after] = await Promise.all([
    migrate(place, '--no-color', ...args),
    start(place, ['--json', '--state-dir', place.state, ...args], elsewhere).ended,
    start(place, [...args, '--state-dir', place.state, '--json'], elsewhere).ended,
  ]);
  for (const { exit, stdout, stderr } of [text, before, after]) {
    expect([exit, stderr], args.join(' ')).toEqual([0, '']);
    expect(stdout).not.toContain(ansi);
  }
  const [one, other] = [before, after].map(({ stdout }) => schema.parse(JSON.parse(stdout)));
  expect(one).toEqual(other);
  expect(text.stdout.startsWith('{')).toBe(false);
  return text;
}

function jsonLines(text: string): readonly unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

test(
  'what a command tells is plain text without a terminal, or with --json its published document, wherever the options stand; and reading changes nothing',
  { timeout },
  async () => {
    const place = newPlace();
    const set = ['--set', `world=${place.world}`];
    await bothWays(place, showDocument, 'show', gatesFile);
    await bothWays(place, planDocument, 'plan', gatesFile, ...set);
    await bothWays(place, planDocument, 'run', gatesFile, ...set, '--dry-run');
    expect(stateOf(place)).toEqual({});
    expect(await migrate(place, 'run', gatesFile, ...set)).toMatchObject({ exit: 3 });
    const [run = ''] = runsOf(place);
    const before = stateOf(place);
    await bothWays(place, statusDocument, 'status');
    await bothWays(place, statusDocument, 'status', run);
    await bothWays(place, logsDocument, 'logs', run);
    await bothWays(place, logsDocument, 'logs', run, 'make');
    await bothWays(place, planDocument, 'plan', gatesFile);
    await bothWays(place, rollbackPlanDocument, 'rollback', run, '--dry-run');
    const path = await bothWays(place, stateDocument, 'state', 'path');
    expect(path.stdout).toBe(`${place.state}\n`);
    expect(stateOf(place)).toEqual(before);
  },
);

test(
  'with --json a run prints one event a line, and its result last, through gates, settling, rollback and abort',
  { timeout },
  async () => {
    const place = newPlace();
    const json = async (exit: number, ...args: readonly string[]) => {
      const ended = await migrate(place, '--json', ...args);
      expect([ended.exit, ended.stderr], ended.stdout).toEqual([exit, '']);
      const lines = [...jsonLines(ended.stdout)];
      const result = resultDocument.parse(lines.pop());
      expect(result.exitCode).toBe(exit);
      for (const line of lines) expect(liveDocument.safeParse(line).error).toBeUndefined();
      return result;
    };
    const begun = await json(3, 'run', gatesFile, '--set', `world=${place.world}`);
    expect(begun).toMatchObject({ status: 'waiting', step: 'go', done: ['make'] });
    const { run } = begun;
    expect(await json(0, 'confirm', run, 'go')).toMatchObject({ status: 'opened', step: 'go' });
    expect(await json(3, 'resume', run)).toMatchObject({ status: 'waiting', step: 'swap' });
    expect(await json(0, 'rollback', run, '--to', 'make', '--yes')).toMatchObject({ status: 'rolled-back' });
    expect(await json(0, 'abort', run, '--yes')).toMatchObject({
      status: 'aborted',
      remains: [expect.stringContaining('make (done)')],
    });
  },
);

test(
  '--quiet leaves the result, --verbose adds what commands print, and both may stand on either side',
  { timeout },
  async () => {
    const [quiet, verbose, later] = await Promise.all(
      [
        ['--quiet', 'run'],
        ['-v', 'run'],
        ['run', '--verbose'],
      ].map(async (words) => {
        const place = newPlace();
        const [first = '', ...rest] = words;
        const file = gatesFile;
        return migrate(place, first, ...rest, file, '--set', `world=${place.world}`);
      }),
    );
    expect(quiet).toMatchObject({ exit: 3, stderr: '' });
    expect(quiet?.stdout).toContain('waiting: "go" waits for you');
    expect(quiet?.stdout).not.toContain('make: started');
    for (const talkative of [verbose, later]) {
      expect(talkative).toMatchObject({ exit: 3, stderr: '' });
      expect(talkative?.stdout).toContain('make: started');
    }
  },
);

test(
  'what is told to be typed next finds the state folder that was named, typed as it stands',
  { timeout },
  async () => {
    const place = newPlace();
    const state = join(place.folder, 'a state folder');
    const named = (...args: readonly string[]) => migrate(place, '--state-dir', state, ...args);
    const run = await named('run', gatesFile, '--set', `world=${place.world}`);
    const [, confirm = ''] = /^Then: (migrate .*), and migrate/m.exec(run.stdout) ?? [];
    expect(confirm).toContain(`--state-dir '${state}' confirm`);
    const typed = (line: string) =>
      promisify(execFile)('sh', ['-c', `migrate() { "$NODE" "$MIGRATE" "$@"; }; ${line}`], {
        env: { ...place.env, NODE: process.execPath, MIGRATE: program },
      });
    const opened = await typed(confirm);
    const [, resume = ''] = /^Go on with: (.*)$/m.exec(opened.stdout) ?? [];
    await expect(typed(resume)).rejects.toMatchObject({ code: 3 });
    const status = await named('status');
    const [, back = ''] = /rolled back .*: (migrate .*)$/m.exec(status.stdout) ?? [];
    const agree = await typed(back).catch((error: { code: number; stderr: string }) => error);
    expect(agree).toMatchObject({ code: 3 });
    const [, yes = ''] = /^Agree: (.*)$/m.exec(agree.stderr) ?? [];
    expect((await typed(yes)).stdout).toContain('rolled back');
  },
);
