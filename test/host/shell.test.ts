import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { ProcessIdentity } from '../../src/journal/event.ts';
import { Lines, Tail } from '../../src/host/output.ts';
import { join } from 'node:path';
import { isAlive, statOf } from '../../src/host/process.ts';
import { exec, spawn } from '../../src/host/shell.ts';
import type { Command } from '../../src/runbook/index.ts';
import { temporaryFolder } from './folder.ts';

const shell = (script: string, options: Omit<Command, 'argv'> = {}): Command => ({
  argv: ['sh', '-c', script],
  ...options,
});

test('a command gives its output and its exit code', async () => {
  expect(await exec(shell('printf out; printf err >&2'))).toEqual({
    stdout: 'out',
    stderr: 'err',
    exitCode: 0,
  });
});

test('a failed command is named with its exit code and its last words', async () => {
  await expect(exec(shell('echo it broke >&2; exit 3'))).rejects.toMatchObject({
    code: 'command.failed',
    exitCode: 1,
    message: "sh -c 'echo it broke >&2; exit 3' exited with 3:\n  it broke",
  });
});

test('an accepted exit code is no failure, and any is accepted where the caller judges', async () => {
  expect(await exec(shell('exit 24', { ok: [0, 24] }))).toMatchObject({ exitCode: 24 });
  expect(await exec(shell('exit 7'), { anyExit: true })).toMatchObject({ exitCode: 7 });
  await expect(exec(shell('exit 0', { ok: [3] }))).rejects.toThrow('exited with 0');
});

test('a command that a signal ended is a failure that names the signal', async () => {
  await expect(exec(shell('kill -KILL $$'))).rejects.toThrow('was ended by SIGKILL');
  expect(await exec(shell('kill -KILL $$'), { anyExit: true })).toMatchObject({
    exitCode: null,
    signal: 'SIGKILL',
  });
});

test('a missing program is named, and so is a missing folder to run in', async () => {
  await expect(exec({ argv: ['no-such-program'] })).rejects.toMatchObject({
    code: 'command.missing',
    message: 'the program no-such-program is not installed, or not in PATH',
  });
  await expect(exec({ argv: ['/no/such'] })).rejects.toMatchObject({ code: 'command.missing' });
  await expect(exec(shell('true', { cwd: '/no/such' }))).rejects.toThrow('there is no folder /no/such');
});

test('a program that others could have put into a folder of PATH is not run, and the folder is named', async () => {
  const folder = temporaryFolder();
  const bin = `${folder}/bin`;
  mkdirSync(bin);
  writeFileSync(`${bin}/tool`, '#!/bin/sh\necho ran\n', { mode: 0o755 });
  const run = () => exec({ argv: ['tool'], env: { PATH: `${bin}:/usr/bin:/bin` } });
  expect((await run()).stdout).toBe('ran\n');
  const refused = (what: string) => ({
    code: 'command.unsafe',
    message: expect.stringContaining(`${bin}/tool, and everybody may write ${what}, so`) as string,
    hint: expect.stringContaining(`Take ${bin} out of PATH`) as string,
  });
  chmodSync(bin, 0o777);
  await expect(run()).rejects.toMatchObject(refused(bin));
  chmodSync(bin, 0o755);
  chmodSync(`${bin}/tool`, 0o777);
  await expect(run()).rejects.toMatchObject(refused(`${bin}/tool`));
  // A symlink in a good folder that leads into a bad one.
  mkdirSync(`${folder}/elsewhere`);
  writeFileSync(`${folder}/elsewhere/tool`, '#!/bin/sh\n', { mode: 0o755 });
  chmodSync(`${folder}/elsewhere`, 0o777);
  rmSync(`${bin}/tool`);
  symlinkSync('../elsewhere/tool', `${bin}/tool`);
  await expect(run()).rejects.toMatchObject(refused(`${folder}/elsewhere`));
  // Its author has named it.
  await exec({ argv: [`${folder}/elsewhere/tool`] });
  if (process.getuid?.() !== 0) return;
  chmodSync(`${folder}/elsewhere`, 0o755);
  chownSync(`${folder}/elsewhere`, 1234, 1234);
  await expect(run()).rejects.toThrow(`${folder}/elsewhere belongs to the user 1234, who is not root`);
});

test('a program is never taken from the current folder because PATH holds a dot', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/bin`);
  for (const [path, says] of [
    [`${folder}/tool`, 'wrong'],
    [`${folder}/bin/tool`, 'right'],
  ] as const) {
    writeFileSync(path, `#!/bin/sh\necho ${says}\n`);
    chmodSync(path, 0o755);
  }
  const result = await exec({ argv: ['tool'], cwd: folder, env: { PATH: `.::${folder}/bin:/bin:/usr/bin` } });
  expect(result.stdout).toBe('right\n');
  await expect(exec({ argv: ['tool'], cwd: folder, env: { PATH: '.:' } })).rejects.toThrow('not installed');
});

test('a program whose interpreter is missing is named', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/tool`, '#!/no/such/shell\n');
  chmodSync(`${folder}/tool`, 0o755);
  await expect(exec({ argv: [`${folder}/tool`] }, { anyExit: true })).rejects.toMatchObject({
    code: 'command.cannot-start',
  });
});

test('standard input is the given text, and closed otherwise', async () => {
  expect((await exec({ argv: ['cat'], input: 'äb\n' })).stdout).toBe('äb\n');
  expect((await exec({ argv: ['cat'] })).stdout).toBe('');
  // A program that ends without reading is no failure.
  expect((await exec({ argv: ['true'], input: 'x'.repeat(1_000_000) })).exitCode).toBe(0);
});

test('every line of a long output arrives before the command counts as ended, also when it fails', async () => {
  const lines: string[] = [];
  const result = await exec(shell('seq 1 50000; echo last; exit 9'), {
    anyExit: true,
    onLine: (line) => lines.push(line),
  });
  expect(lines).toHaveLength(50_001);
  expect(lines.at(-1)).toBe('last');
  expect(result.stdout.length).toBe(Buffer.byteLength(`${lines.join('\n')}\n`));
});

test("an act's long output is kept in part and says so; an answer is never cut", async () => {
  const long = shell('head -c 20000000 /dev/zero');
  const result = await spawn(long, { run: 'r' });
  expect(result.cutBytes).toBe(20_000_000 - result.stdout.length);
  const tooLong = shell('head -c 70000000 /dev/zero');
  await expect(exec(tooLong)).rejects.toMatchObject({ code: 'command.too-much-output' });
});

test('a background process that holds the pipe does not hold up the command', async () => {
  const result = await exec(shell('sleep 60 & echo $!'));
  const pid = Number(result.stdout);
  expect(statOf(pid)?.state).toBe('S');
  process.kill(pid, 'SIGKILL');
});

test("a step's command carries the run's mark and tells who it is before it ends", async () => {
  let identity: ProcessIdentity | undefined;
  const result = await spawn(shell('echo $$ $MIGRATE_RUN'), {
    run: 'move-home-20260921-k3f9',
    onStart: (process, begin) => {
      identity = process;
      begin();
    },
  });
  expect(result.stdout).toBe(`${identity?.pid} move-home-20260921-k3f9\n`);
  expect(identity?.startTime).toMatch(/^\d+$/);
  expect(isAlive(identity!)).toBe(false);
});

test('a command whose start cannot be recorded never begins', async () => {
  const folder = temporaryFolder();
  let identity: ProcessIdentity | undefined;
  const started = spawn(shell(`touch ${folder}/began; sleep 60`), {
    run: 'r',
    onStart: (process) => {
      identity = process;
      throw new Error('the disk is full');
    },
  });
  await expect(started).rejects.toThrow('the disk is full');
  expect(isAlive(identity!)).toBe(false);
  expect(existsSync(`${folder}/began`)).toBe(false);
});

test('a command whose starter is killed before it recorded the start never begins', async () => {
  const folder = temporaryFolder();
  const program = join(import.meta.dirname, 'die-at-start.ts');
  const starter = await exec({ argv: [process.execPath, program, `${folder}/began`] }, { anyExit: true });
  expect(starter.signal).toBe('SIGKILL');
  const held = Number(starter.stdout);
  await expect.poll(() => statOf(held)?.state ?? 'Z').toBe('Z');
  expect(existsSync(`${folder}/began`)).toBe(false);
});

test('an interruption ends the command and all its children', async () => {
  const abort = new AbortController();
  const pids: number[] = [];
  const running = exec(shell('sleep 60 & echo $!; sleep 61 & echo $!; wait'), {
    signal: abort.signal,
    onLine: (line) => {
      pids.push(Number(line));
      if (pids.length === 2) abort.abort();
    },
  });
  await expect(running).rejects.toMatchObject({ code: 'command.interrupted' });
  for (const pid of pids) expect(statOf(pid)?.state ?? 'Z').toBe('Z');
});

test('a command that does not heed SIGTERM is killed after the grace', async () => {
  const { endGroup } = await import('../../src/host/process-group.ts');
  let identity: ProcessIdentity | undefined;
  const running = spawn(shell("trap '' TERM; echo ready; while :; do sleep 0.05; done"), {
    run: 'r',
    onStart: (process, begin) => {
      identity = process;
      begin();
    },
    onLine: () => void endGroup(identity!.pid, 100),
    anyExit: true,
  });
  expect(await running).toMatchObject({ signal: 'SIGKILL' });
});

test('nothing starts after an interruption', async () => {
  const folder = temporaryFolder();
  await expect(exec(shell(`touch ${folder}/x`), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'command.interrupted',
  });
  expect(existsSync(`${folder}/x`)).toBe(false);
});

test('a secret reaches the command and nothing that it prints', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/secret`, 'hunter2-from-file\n');
  vi.stubEnv('TEST_SECRET', 'hunter2-from-env');
  const lines: string[] = [];
  const command = shell(`printf %s "$A$B" > ${folder}/seen; echo "$A"; echo "$B" >&2; exit 1`, {
    env: { A: { secret: 'env', name: 'TEST_SECRET' }, B: { secret: 'file', name: `${folder}/secret` } },
  });
  const error: unknown = await exec(command, { onLine: (line) => lines.push(line) }).catch(
    (thrown) => thrown,
  );
  vi.unstubAllEnvs();
  expect(readFileSync(`${folder}/seen`, 'utf8')).toBe('hunter2-from-envhunter2-from-file');
  expect(lines.toSorted()).toEqual(['‹env:TEST_SECRET›', `‹file:${folder}/secret›`]);
  expect(String(error)).toContain(`‹file:${folder}/secret›`);
  expect(JSON.stringify([lines, error, String(error)])).not.toContain('hunter2');
});

test('a missing secret is named', async () => {
  const needs = (secret: 'env' | 'file', name: string) =>
    exec(shell('true', { env: { A: { secret, name } } }));
  await expect(needs('env', 'NO_SUCH_SECRET')).rejects.toMatchObject({
    code: 'secret.missing',
    message: 'the secret env:NO_SUCH_SECRET is not set',
  });
  await expect(needs('file', '/no/such')).rejects.toThrow('the secret file:/no/such cannot be read');
});

test('lines are the same however the stream is cut into chunks', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '💾', '\n', '\r') });
  fc.assert(
    fc.property(text, fc.array(fc.nat(5)), (whole, cuts) => {
      const lines: string[] = [];
      const splitter = new Lines((line) => lines.push(line));
      let rest = Buffer.from(whole);
      for (const cut of cuts) {
        splitter.add(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      splitter.add(rest);
      splitter.end();
      const expected = whole.split(/\r\n|\n|\r/);
      if (expected.at(-1) === '') expected.pop();
      expect(lines).toEqual(expected);
    }),
  );
});

test('the tail of a stream is its end, and what is missing is counted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 20 })),
      fc.integer({ min: 1, max: 30 }),
      (chunks, limit) => {
        const tail = new Tail(limit);
        const all = Buffer.concat(chunks)
          .toString('latin1')
          .replaceAll(/[^ -~]/g, '.');
        let offset = 0;
        for (const chunk of chunks) {
          tail.add(Buffer.from(all.slice(offset, offset + chunk.length)));
          offset += chunk.length;
        }
        expect(tail.text()).toBe(all.slice(Math.max(0, all.length - limit)));
        expect(tail.cutBytes).toBe(Math.max(0, all.length - limit));
      },
    ),
  );
});
