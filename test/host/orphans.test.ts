import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { endOrphans, findOrphans } from '../../src/host/orphans.ts';
import { statOf } from '../../src/host/process.ts';

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
  await expect.poll(() => findOrphans(run).length).toBe(3);
  const ended = await endOrphans(run, 5_000);
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
  await endOrphans(run, 200);
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
    console.log(JSON.stringify(await endOrphans(${JSON.stringify(run)}, 100)));`;
  const parent = spawn('sh', ['-c', '"$@"; true', 'sh', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, MIGRATE_RUN: run },
  });
  let out = '';
  parent.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(parent, 'close')) as [number];
  expect([code, out]).toEqual([0, '[]\n']);
});
