import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { acquireLock, readLock } from '../../src/host/lock.ts';
import { here, standingOf, type LockOwner } from '../../src/host/lock-owner.ts';
import { isAlive, self } from '../../src/host/process.ts';
import { temporaryFolder } from './folder.ts';

const what = 'the run move-home-20260921-k3f9';
const options = { what, command: 'migrate run move-home' };
const racer = (folder: string, ...rest: string[]) => [
  'test/host/lock-racer.ts',
  folder,
  `${folder}/record`,
  ...rest,
];

function start(command: string, args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('a lock is held until it is released, and then another may have it', async () => {
  const folder = temporaryFolder();
  const lock = await acquireLock(folder, options);
  expect(await readLock(folder)).toEqual(lock.owner);
  await expect(acquireLock(folder, options)).rejects.toMatchObject({
    code: 'lock.held',
    exitCode: 4,
    message: `${what} is locked by process ${process.pid} (migrate run move-home) since ${lock.owner.since}`,
    hint: `Wait until it ends, or end it with: kill ${process.pid}`,
  });
  await lock.release();
  await lock.release();
  expect(await readLock(folder)).toBeUndefined();
  await (await acquireLock(folder, options)).release();
  expect(readdirSync(folder)).toEqual(['lock.4']);
});

test('twenty processes that race are never two at once, also when some are killed while they own it', async () => {
  const folder = temporaryFolder();
  const racers = Array.from({ length: 20 }, (_, index) =>
    start(process.execPath, racer(folder, '5', index % 4 === 0 ? 'die' : 'live')),
  );
  const ends = await Promise.all(racers.map((child) => once(child, 'close')));
  expect(ends.filter(([, signal]) => signal === 'SIGKILL')).toHaveLength(5);
  expect(ends.filter(([code]) => code === 0)).toHaveLength(15);
  const lines = readFileSync(`${folder}/record`, 'utf8').trim().split('\n');
  expect(lines).toHaveLength(20 * 5 * 2);
  for (let index = 0; index < lines.length; index += 2) {
    expect(lines[index]).toMatch(/^enter /);
    expect(lines[index + 1]).toBe(lines[index]?.replace('enter', 'leave'));
  }
});

test('a killed owner does not block', async () => {
  const folder = temporaryFolder();
  const child = start(process.execPath, racer(folder, '1', 'stay'));
  await once(child.stdout!, 'data');
  await expect(acquireLock(folder, options)).rejects.toThrow(`locked by process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'close');
  await (await acquireLock(folder, options)).release();
});

test.skipIf(process.getuid?.() !== 0)(
  'an owner in another PID namespace blocks while it lives, and no longer',
  async () => {
    const folder = temporaryFolder();
    const child = start('unshare', [
      '-pf',
      '--mount-proc',
      '--kill-child',
      process.execPath,
      ...racer(folder, '1', 'stay'),
    ]);
    await once(child.stdout!, 'data');
    await expect(acquireLock(folder, options)).rejects.toMatchObject({ code: 'lock.foreign', exitCode: 4 });
    child.kill('SIGKILL');
    // The kernel lets go of the file when the last process of the namespace has ended.
    const lock = await acquireLock(folder, options).catch(async () => {
      await expect.poll(() => readLock(folder)).toBeUndefined();
      return acquireLock(folder, options);
    });
    await lock.release();
  },
);

const owner = async (): Promise<LockOwner> => ({
  ...self(),
  ...(await here()),
  command: 'migrate',
  since: '2026-09-21T10:00:00.000Z',
  flock: false,
});

test('a reused pid is not the owner', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/lock.7`, JSON.stringify({ ...(await owner()), startTime: '1' }));
  const lock = await acquireLock(folder, options);
  expect(readdirSync(folder).toSorted()).toEqual(['lock.7', 'lock.8']);
  await lock.release();
});

test('an owner of another machine, or of a namespace that cannot be judged, is never replaced', async () => {
  for (const difference of [{ pidNamespace: 'pid:[1]' }, { bootId: 'other', machineId: 'other' }]) {
    const folder = temporaryFolder();
    writeFileSync(`${folder}/lock.1`, JSON.stringify({ ...(await owner()), ...difference }));
    await expect(acquireLock(folder, { ...options, waitMs: 60_000 })).rejects.toMatchObject({
      code: 'lock.foreign',
      hint: expect.stringContaining(`delete ${folder}/lock.1`) as string,
    });
  }
});

test('an owner of an earlier boot of this machine is dead, whatever its namespace was', async () => {
  const one = await owner();
  const me = await here();
  const earlier = { ...one, bootId: 'earlier', pidNamespace: 'pid:[1]' };
  expect(standingOf(earlier, me, true)).toBe('dead');
  // A machine without an id is known by its name.
  const { machineId: _, ...nameless } = earlier;
  const { machineId: __, ...meNameless } = me;
  expect(standingOf(nameless, meNameless, true)).toBe('dead');
  expect(standingOf({ ...nameless, host: 'other' }, meNameless, true)).toBe('foreign');
  expect(standingOf(one, me, isAlive(one))).toBe('alive');
  expect(standingOf({ ...one, pidNamespace: 'pid:[1]', flock: true }, me, false)).toBe('ask-kernel');
});

test('what a process left that was killed before it owned anything is swept away', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/.lock-draft-1-x`, '');
  await (await acquireLock(folder, options)).release();
  expect(readdirSync(folder)).toEqual(['lock.2']);
});

test('a draft that another owner swept away is written again, so that no release is lost', async () => {
  const folder = temporaryFolder();
  for (let round = 0; round < 5; round += 1) {
    const lock = await acquireLock(folder, options);
    const releasing = lock.release();
    let draft: string | undefined;
    while (draft === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      draft = readdirSync(folder).find((name) => name.startsWith('.lock-draft-'));
      // It was faster than this test.
      if (readdirSync(folder).includes(`lock.${round * 2 + 2}`)) break;
    }
    if (draft !== undefined) rmSync(`${folder}/${draft}`, { force: true });
    await releasing;
    expect(await readLock(folder)).toBeUndefined();
  }
});

test('a damaged lock file is named with what to do', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/lock.3`, '');
  await expect(acquireLock(folder, options)).rejects.toMatchObject({
    code: 'lock.damaged',
    exitCode: 6,
    hint: `When no migrate runs, delete it: rm ${folder}/lock.3`,
  });
});

test('a folder that is missing is named', async () => {
  const folder = `${temporaryFolder()}/missing`;
  await expect(acquireLock(folder, options)).rejects.toMatchObject({
    code: 'lock.unwritable',
    exitCode: 6,
    message: expect.stringContaining(`cannot lock or unlock ${what} in ${folder}`) as string,
  });
});

test('an owner that cannot use flock(1) is still an owner', async () => {
  const folder = temporaryFolder();
  const script = `
    const { acquireLock } = await import('./src/host/lock.ts');
    const lock = await acquireLock(process.argv[1], { what: 'it', command: 'c' });
    console.log(lock.owner.flock);
    await lock.release();`;
  const out = execFileSync(process.execPath, ['-e', script, folder], {
    encoding: 'utf8',
    env: { PATH: '/nowhere' },
  });
  expect(out).toBe('false\n');
});
