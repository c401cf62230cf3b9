import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { readBoot } from '../../src/host/boot.ts';
import { parseUptime, systemClock } from '../../src/host/clock.ts';
import { identityOf, isAlive, parseStat, self } from '../../src/host/process.ts';

test('a program name with spaces and parentheses does not shift the fields', () => {
  const rest = 'S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0';
  expect(parseStat(`42 (a) R 9 (b)) ${rest}`)).toEqual({
    state: 'S',
    parent: 1,
    group: 77,
    session: 77,
    startTime: '4711',
  });
});

test('this process is alive, and another with its pid is not', () => {
  expect(isAlive(self())).toBe(true);
  expect(isAlive({ ...self(), startTime: '1' })).toBe(false);
  expect(isAlive({ ...self(), bootId: 'an earlier boot' })).toBe(false);
});

test('a process that was killed is dead even while it is a zombie', async () => {
  const parent = spawn('sh', ['-c', 'sleep 100 & echo $!; kill -9 $!; exec sleep 100'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    // Its parent never waits for it, so it stays a zombie.
    await expect.poll(() => isAlive(identityOf(pid)!)).toBe(false);
    expect(identityOf(pid)).toBeDefined();
  } finally {
    parent.kill('SIGKILL');
  }
});

test('the boot is the same at every look', async () => {
  const boot = await readBoot();
  expect(boot.pidNamespace).toMatch(/^pid:\[\d+\]$/);
  expect(await readBoot()).toEqual(boot);
});

test('the uptime is read in milliseconds', () => {
  expect(parseUptime('1422.53 2000.11\n')).toBe(1_422_530);
  expect(() => parseUptime('')).toThrow();
});

test('the clocks run forward and a sleep can be broken off', async () => {
  const before = systemClock.now();
  await systemClock.sleep(15);
  const after = systemClock.now();
  expect(after.monotonic - before.monotonic).toBeGreaterThanOrEqual(14);
  expect(after.boottime).toBeGreaterThanOrEqual(before.boottime);
  const abort = new AbortController();
  const sleeping = systemClock.sleep(40 * 24 * 3600 * 1000, abort.signal);
  abort.abort();
  await expect(sleeping).rejects.toThrow();
});
