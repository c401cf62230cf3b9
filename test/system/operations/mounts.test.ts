import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { thisMachine } from '../../../src/host/this-machine.ts';
import { bindMount, requireMount } from '../../../src/operations/index.ts';
import type { BootIdentity, Host } from '../../../src/runbook/index.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { drive, preview } from '../../operations/drive.ts';
import { mountedDisk, needsRoot, unmountAll } from './loop-disk.ts';

const skip = needsRoot;

// The disk beneath is the machine's own, which may have a UUID or none.
const otherDisk: unknown = expect.stringMatching(/^mount\.(wrong-disk|no-uuid)$/);

/** A new copy on a disk, and the old folder that it will be mounted over. */
function world() {
  const disk = mountedDisk();
  const from = join(disk.point, 'nixos-wsl-main');
  const folder = temporaryFolder();
  const to = join(folder, 'nix');
  onTestFinished(() => unmountAll(folder));
  mkdirSync(from);
  mkdirSync(to);
  writeFileSync(join(from, 'which'), 'new');
  writeFileSync(join(to, 'which'), 'old');
  const which = () => readFileSync(join(to, 'which'), 'utf8');
  const mounted = () =>
    Number(execFileSync('grep', ['-c', ` ${to} `, '/proc/self/mountinfo'], { encoding: 'utf8' }).trim());
  return { ...disk, from, to, which, mounted };
}

/** The same machine after a boot, as far as it can be told. */
function rebooted(): Host {
  const machine = thisMachine();
  return {
    ...machine,
    boot: async (): Promise<BootIdentity> => ({ ...(await machine.boot()), bootId: 'another' }),
  };
}

test(
  'a bind mount shows the new folder, is never stacked, and its undo shows the old one again',
  { skip },
  async () => {
    const { from, to, uuid, which, mounted } = world();
    const given = { from, to, expectUuid: uuid };
    expect((await preview(bindMount, given)).facts).toMatchObject({ type: 'ext4', covered: [] });
    const step = await drive(bindMount, given);
    expect(await step.probe()).toBe('not-started');
    const output = await step.act();
    expect(output).toMatchObject({ root: '/nixos-wsl-main' });
    expect(which()).toBe('new');
    expect(await step.probe()).toEqual({ done: output });
    await step.act();
    expect(mounted()).toBe(1);
    expect(await (await drive(bindMount, given)).probe()).toEqual({ done: output });

    await step.undo();
    await step.undo();
    expect(which()).toBe('old');
    expect(await step.probe()).toBe('not-started');
  },
);

test(
  'a read-only bind mount refuses writes, and one that was interrupted before it was read-only is completed',
  { skip },
  async () => {
    const { from, to, mounted } = world();
    const step = await drive(bindMount, { from, to, readOnly: true });
    execFileSync('mount', ['--bind', from, to]);
    expect(await step.probe()).toBe('partial');
    await step.act();
    expect(mounted()).toBe(1);
    expect(() => writeFileSync(join(to, 'x'), '')).toThrow('EROFS');
    writeFileSync(join(from, 'x'), '');
  },
);

test(
  'a folder is made read-only by mounting it on itself, and writable again by the undo',
  { skip },
  async () => {
    const { to, mounted } = world();
    const step = await drive(bindMount, { from: to, to, readOnly: true });
    await step.act();
    expect(() => writeFileSync(join(to, 'x'), '')).toThrow('EROFS');
    expect(mounted()).toBe(1);
    await step.undo();
    writeFileSync(join(to, 'x'), '');
  },
);

test('the whole root without its mounts can be reached beneath, and let go of', { skip }, async () => {
  const folder = temporaryFolder();
  onTestFinished(() => unmountAll(folder));
  const step = await drive(bindMount, { from: '/', to: folder });
  await step.act();
  expect(existsSync(join(folder, 'proc/self'))).toBe(false);
  expect(existsSync(join(folder, 'etc'))).toBe(true);
  await step.undo();
});

test('a disk that is not mounted is refused, and nothing is mounted in its place', { skip }, async () => {
  const { from, to, uuid, unmount, point, which } = world();
  unmount();
  await expect(drive(bindMount, { from, to, expectUuid: uuid })).rejects.toMatchObject({
    code: 'mount.no-folder',
  });
  mkdirSync(from);
  await expect(drive(bindMount, { from, to, expectUuid: uuid })).rejects.toMatchObject({
    code: otherDisk,
    message: expect.stringContaining(`${uuid} is expected`),
  });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', point]);
  mkdirSync(from);
  await expect(drive(bindMount, { from, to, expectUuid: uuid })).rejects.toMatchObject({
    code: 'mount.volatile',
    message: expect.stringContaining('its disk is not mounted'),
  });
  await expect(drive(bindMount, { from, to })).rejects.toMatchObject({ code: 'mount.volatile' });
  expect(which()).toBe('old');
});

test('a disk that goes away between capture and act stops the act', { skip }, async () => {
  const { from, to, uuid, unmount, which } = world();
  const step = await drive(bindMount, { from, to, expectUuid: uuid });
  unmount();
  mkdirSync(from);
  await expect(step.act()).rejects.toMatchObject({ code: otherDisk });
  expect(which()).toBe('old');
});

test('a place that is another mount already is refused, and never unmounted', { skip }, async () => {
  const { from, to, mounted } = world();
  const step = await drive(bindMount, { from, to });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', to]);
  expect(await step.probe()).toEqual({ unknown: expect.stringContaining('which this step did not make') });
  await expect(drive(bindMount, { from, to })).rejects.toMatchObject({ code: 'mount.occupied' });
  await expect(step.act()).rejects.toMatchObject({ code: 'mount.occupied' });
  await expect(step.undo()).rejects.toMatchObject({ code: 'mount.not-ours' });
  expect(mounted()).toBe(1);
});

test('a mount in use is not unmounted, and the processes that hold it are named', { skip }, async () => {
  const { from, to, which } = world();
  const step = await drive(bindMount, { from, to });
  await step.act();
  const standing = spawn('sleep', ['1000'], { cwd: to, stdio: 'ignore' });
  onTestFinished(() => void standing.kill('SIGKILL'));
  const reading = spawn('sh', ['-c', 'exec 7<"$0"; echo ready; exec sleep 1000', join(to, 'which')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void reading.kill('SIGKILL'));
  await once(reading.stdout, 'data');
  await expect(step.undo()).rejects.toMatchObject({
    code: 'mount.busy',
    message: expect.stringMatching(
      new RegExp(
        `sleep \\(pid ${standing.pid}\\) stands in .*sleep \\(pid ${reading.pid}\\) has .*which open`,
      ),
    ),
  });
  expect(which()).toBe('new');
  expect(await step.probe()).toHaveProperty('done');
  standing.kill('SIGKILL');
  reading.kill('SIGKILL');
  await Promise.all([once(standing, 'exit'), once(reading, 'exit')]);
  await step.undo();
  expect(which()).toBe('old');
});

test('a mount with another mount within is not unmounted, and that one is named', { skip }, async () => {
  const { from, to } = world();
  mkdirSync(join(from, 'inner'));
  const step = await drive(bindMount, { from, to });
  await step.act();
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(to, 'inner')]);
  await expect(step.undo()).rejects.toMatchObject({
    code: 'mount.busy',
    message: expect.stringContaining(`the mount ${to}/inner`),
  });
});

test(
  'after a boot the mount is gone, and one that somebody else makes in its place is left alone',
  { skip },
  async () => {
    const { from, to, which } = world();
    const machine = thisMachine();
    let host: Host = machine;
    const boots: Host = { ...machine, boot: () => host.boot() };
    const step = await drive(bindMount, { from, to }, { host: boots });
    const output = await step.act();
    host = rebooted();
    expect(await step.probe()).toBe('not-started');
    await step.undo();
    expect(step.log).toEqual([expect.stringContaining('went at the last boot')]);
    expect(which()).toBe('new');
    // It stands as it should, so a verification after the boot accepts it, and the act does not stack.
    await step.verify(output);
    await step.act();
  },
);

test('the right disk is required: by its UUID, as a mount point, and writable', { skip }, async () => {
  const { point, uuid, unmount, mount } = mountedDisk();
  const given = { point, uuid, writable: true };
  const step = await drive(requireMount, given);
  expect(await step.act()).toMatchObject({
    type: 'ext4',
    readOnly: false,
    source: expect.stringMatching(/^\/dev\/loop/),
  });
  expect((await preview(requireMount, { ...given, uuid: uuid.toUpperCase() })).facts).toMatchObject({
    type: 'ext4',
  });

  const other = await drive(requireMount, { point, uuid: '00000000-0000-0000-0000-000000000000' });
  await expect(other.act()).rejects.toMatchObject({
    code: 'mount.wrong-disk',
    message: expect.stringContaining(uuid),
  });
  execFileSync('mount', ['-o', 'remount,ro', point]);
  await expect(step.act()).rejects.toMatchObject({ code: 'mount.read-only' });

  unmount();
  await expect(step.act()).rejects.toMatchObject({
    code: 'mount.absent',
    message: expect.stringContaining('what is written there lands on the'),
    hint: expect.stringContaining(`mount UUID=${uuid} ${point}`),
  });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', point]);
  await expect(step.act()).rejects.toMatchObject({
    code: 'mount.no-uuid',
    message: expect.stringContaining('tmpfs'),
  });
  execFileSync('umount', [point]);
  mount();
  await step.act();
});

test('a disk that a later mount further up has covered is absent', { skip }, async () => {
  const { point, uuid } = mountedDisk();
  const above = join(point, '..');
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', above]);
  onTestFinished(() => void execFileSync('umount', [above]));
  const step = await drive(requireMount, { point, uuid });
  await expect(step.act()).rejects.toMatchObject({
    code: 'mount.absent',
    message: expect.stringContaining('tmpfs'),
  });
});
