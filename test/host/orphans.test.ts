import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { endOrphans, findOrphans } from '../../src/host/orphans.ts';
import { identityOf, statOf } from '../../src/host/process.ts';
import type { ProcessIdentity } from '../../src/journal/event.ts';

/** Starts a process that this one did not start: its parent has ended. Resolves to its pid. */
async function leaveBehind(run: string, script: string): Promise<number> {
  const parent = spawn('sh', ['-c', `sh -c '${script}' >&2 & echo $!`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, MIGRATE_RUN: run },
    detached: true,
  });
  let out = '';
  parent.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await once(parent, 'close');
  const pid = Number(out);
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was ended, as it should be.
    }
  });
  await expect.poll(() => statOf(pid)?.parent).not.toBe(parent.pid);
  return pid;
}

const newRun = () => `test-${randomUUID()}`;
const hasEnded = (pid: number) => ['Z', 'X', undefined].includes(statOf(pid)?.state);

test('what an earlier attempt left behind is ended with its children, and named', async () => {
  const run = newRun();
  const pid = await leaveBehind(run, 'sleep 61 & sleep 60; true');
  // Between fork and exec a child still bears its parent's words.
  await expect.poll(() => findOrphans(run).filter(({ argv }) => argv[0] === 'sleep').length).toBe(2);
  const ended = await endOrphans(run, [], { graceMs: 5_000 });
  expect(ended.map((orphan) => orphan.identity.pid)).toContain(pid);
  expect(ended.map((orphan) => orphan.argv.join(' ')).toSorted()).toEqual([
    'sh -c sleep 61 & sleep 60; true',
    'sleep 60',
    'sleep 61',
  ]);
  expect(hasEnded(pid)).toBe(true);
  expect(await endOrphans(run)).toEqual([]);
});

test('what does not heed SIGTERM is killed after the grace', async () => {
  const run = newRun();
  const pid = await leaveBehind(run, 'trap "" TERM; while :; do sleep 0.1; done');
  await expect.poll(() => findOrphans(run).length).toBeGreaterThan(0);
  await endOrphans(run, [], { graceMs: 200 });
  expect(hasEnded(pid)).toBe(true);
});

test('neither another run nor a child of this process is touched', async () => {
  const [run, other] = [newRun(), newRun()];
  const foreign = await leaveBehind(other, 'sleep 60; true');
  const child = spawn('sleep', ['60'], { env: { ...process.env, MIGRATE_RUN: run }, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  expect(await endOrphans(run)).toEqual([]);
  expect(hasEnded(foreign)).toBe(false);
  expect(hasEnded(child.pid!)).toBe(false);
  await endOrphans(other);
});

test('an attempt that is itself started by the run spares those that it was started from', async () => {
  const run = newRun();
  const script = `
    const { endOrphans } = await import('./src/host/orphans.ts');
    console.log(JSON.stringify(await endOrphans(${JSON.stringify(run)}, [], { graceMs: 100 })));`;
  const parent = spawn('sh', ['-c', '"$@"; true', 'sh', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MIGRATE_RUN: run },
  });
  let out = '';
  parent.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(parent, 'close')) as [number];
  expect([code, out]).toEqual([0, '[]\n']);
});

/** A command as a killed attempt leaves it: in a session of its own, without its parent. */
async function command(run: string, script: string, mark = true): Promise<ProcessIdentity> {
  const env = mark ? { ...process.env, MIGRATE_RUN: run } : process.env;
  const parent = spawn('sh', ['-c', 'setsid sh -c "$1" >&2 & echo $!', 'sh', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
    detached: true,
  });
  let out = '';
  parent.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await once(parent, 'close');
  const pid = Number(out);
  await expect.poll(() => statOf(pid)?.session).toBe(pid);
  const identity = identityOf(pid)!;
  onTestFinished(async () => void (await endOrphans(run, [identity], { graceMs: 0 })));
  return identity;
}

test('what cleared its environment is found by the pid, start time and boot that the journal has', async () => {
  const run = newRun();
  const identity = await command(run, 'exec env -i sleep 60');
  await expect.poll(() => findOrphans(run)).toEqual([]);
  expect(findOrphans(run, [identity]).map((orphan) => orphan.identity)).toEqual([identity]);
  expect(await endOrphans(run, [identity])).toMatchObject([{ identity, how: 'ended' }]);
  expect(hasEnded(identity.pid)).toBe(true);
});

test('what cleared its environment and lost its parent is found by its session', async () => {
  const run = newRun();
  const identity = await command(run, '(env -i sleep 61 & env -i sleep 62 &) ; exec env -i sleep 60');
  const argvs = () => findOrphans(run, [identity]).map(({ argv }) => argv.join(' '));
  await expect.poll(() => argvs().toSorted()).toEqual(['sleep 60', 'sleep 61', 'sleep 62']);
  expect(await endOrphans(run, [identity])).toHaveLength(3);
});

test('what made a session of its own and lost its parent is found by the mark', async () => {
  const run = newRun();
  const identity = await command(run, '(setsid sleep 61 &) ; sleep 0.01');
  await expect
    .poll(() => findOrphans(run, [identity]).map(({ argv }) => argv.join(' ')))
    .toEqual(['sleep 61']);
  expect(await endOrphans(run, [identity])).toHaveLength(1);
});

test('a process that has got a recorded pid since, or bore it in an earlier boot, is never harmed', async () => {
  const run = newRun();
  const identity = await command(run, 'sleep 61 & exec sleep 60', false);
  const others: ProcessIdentity[] = [
    { ...identity, startTime: String(Number(identity.startTime) - 1) },
    { ...identity, startTime: String(Number(identity.startTime) + 1) },
    { ...identity, bootId: randomUUID() },
  ];
  expect(await endOrphans(run, others, { graceMs: 0 })).toEqual([]);
  expect(hasEnded(identity.pid)).toBe(false);
});

test.skipIf(process.getuid?.() !== 0)(
  'what may not be ended stops the run with exit 4 and its pid',
  async () => {
    const run = newRun();
    const identity = await command(run, 'exec sleep 60', false);
    const script = `
      const { endOrphans } = await import('./src/host/orphans.ts');
      process.setuid(65534);
      await endOrphans(${JSON.stringify(run)}, [${JSON.stringify(identity)}], { graceMs: 50 }).catch(
        ({ code, exitCode, message }) => console.log(JSON.stringify({ code, exitCode, message })));`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await once(child, 'close');
    expect(JSON.parse(out)).toMatchObject({
      code: 'orphans.alive',
      exitCode: 4,
      message: expect.stringContaining(`process ${identity.pid} (sleep)`) as string,
    });
    expect(hasEnded(identity.pid)).toBe(false);
  },
);
