import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { resticBackup, resticDatabases, resticProof } from '../../../src/operations/index.ts';
import { thisMachine } from '../../../src/host/this-machine.ts';
import type { Command } from '../../../src/runbook/index.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { drive } from '../../operations/drive.ts';

const skip = !existsSync('/usr/bin/restic');
if (skip) console.log('tests with the real restic are skipped: it is not installed');

function commandOf(step: { described: readonly (string | Command)[] }): Command['argv'] {
  const command = step.described.find((line) => typeof line !== 'string');
  if (command === undefined) throw new Error('it describes no command');
  return command.argv;
}

/** A source with files of odd names, a password in a file, and a place for a repository. */
function world() {
  const folder = temporaryFolder();
  const source = join(folder, 'source');
  mkdirSync(join(source, 'in [brackets]'), { recursive: true });
  for (const name of ['plain', 'a b', 'star*', 'what?', 'back\\slash', 'in [brackets]/é\n'])
    writeFileSync(join(source, name), `of ${name}`);
  writeFileSync(join(folder, 'password'), 'correct horse');
  writeFileSync(join(folder, 'other-password'), 'wrong horse');
  const secret = (name: string) => ({ secret: 'file' as const, name: join(folder, name) });
  const access = {
    repository: join(folder, 'repository'),
    password: secret('password'),
    env: { RESTIC_CACHE_DIR: join(folder, 'cache') },
  };
  const env = {
    ...process.env,
    ...access.env,
    RESTIC_REPOSITORY: access.repository,
    RESTIC_PASSWORD_FILE: access.password.name,
  };
  const restic = (...args: string[]) =>
    execFileSync('restic', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const given = { ...access, paths: [source], host: 'here', initialise: true };
  return { folder, source, secret, access, env, restic, given };
}

test(
  'a backup makes its repository, is found by its tag, and is proven by restoring every file',
  { skip },
  async () => {
    const { access, given, restic } = world();
    const step = await drive(resticBackup, { ...given, tags: ['pre-migration'] });
    expect(await step.probe()).toBe('not-started');
    const output = await step.act();
    expect(output).toEqual({
      snapshot: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: expect.any(Number),
      files: 6,
    });
    expect(await step.probe()).toEqual({ done: output });
    const [snapshot] = JSON.parse(restic('snapshots', '--json')) as { tags: string[]; hostname: string }[];
    expect(snapshot).toMatchObject({
      hostname: 'here',
      tags: ['test-20260101-abcd', step.captured.mark, 'pre-migration'],
    });

    const proof = await drive(resticProof, {
      ...access,
      snapshot: output.snapshot,
      seed: 's',
      readDataSubset: '100%',
    });
    expect(await proof.act()).toEqual({
      snapshot: output.snapshot,
      ...{ files: 6, bytes: output.bytes, compared: 6, proven: true },
      provenAt: expect.objectContaining({ bootId: expect.any(String) as string }) as object,
    });
    expect(readdirSync(proof.folder)).toEqual([]);

    // The snapshot stays; that this run has it is forgotten, so that a new attempt makes a new one.
    await step.undo();
    await step.undo();
    // A backup does no harm, so nothing of it is taken back; the next run marks one of its own.
    expect(await step.probe()).toEqual({ done: output });
    expect(JSON.parse(restic('snapshots', '--json'))).toHaveLength(1);
  },
);

test(
  'a wrong password makes no new repository, and a missing one is made only when that is asked for',
  { skip },
  async () => {
    const { given, secret, restic } = world();
    await expect(drive(resticBackup, { ...given, initialise: false })).rejects.toMatchObject({
      code: 'restic.no-repository',
      hint: expect.stringContaining('initialise: true'),
    });
    restic('init');
    const step = await drive(resticBackup, { ...given, password: secret('other-password') });
    await expect(step.probe()).rejects.toMatchObject({ code: 'restic.wrong-password' });
    await expect(step.act()).rejects.toMatchObject({ code: 'restic.wrong-password' });
  },
);

test(
  'a backup in which files are missing is a failure, and is not found done afterwards',
  { skip: skip || process.getuid?.() !== 0 },
  async () => {
    const { given, source, restic } = world();
    restic('init');
    // Reading it fails, for root too.
    const step = await drive(resticBackup, { ...given, paths: [source, '/proc/1/mem'] });
    await expect(step.act()).rejects.toMatchObject({ code: 'restic.incomplete' });
    expect(await step.probe()).not.toHaveProperty('done');
  },
);

test(
  'a path that is not there is refused, although restic would leave it out and exit with 0',
  { skip },
  async () => {
    const { given, source } = world();
    const step = await drive(resticBackup, { ...given, paths: [source, join(source, 'absent')] });
    await expect(step.act()).rejects.toMatchObject({ code: 'restic.no-path' });
  },
);

test('a snapshot whose success was never recorded does not count', { skip }, async () => {
  const { given, restic, env } = world();
  restic('init');
  const step = await drive(resticBackup, given);
  const [program, ...args] = commandOf(step);
  execFileSync(program, args, { env, stdio: 'ignore' });
  expect(await step.probe()).toBe('partial');
  const output = await step.act();
  expect(await step.probe()).toEqual({ done: output });
});

test('after a restic that was killed at work, the next attempt ends well', { skip }, async () => {
  const { given, restic, env, access, source } = world();
  restic('init');
  writeFileSync(join(source, 'large'), randomBytes(64 * 1024 * 1024));
  const step = await drive(resticBackup, given);
  const [program, ...args] = commandOf(step);
  const child = spawn(program, args, { env, stdio: 'ignore' });
  // Its lock is there, so it is at work.
  await vi.waitUntil(() => readdirSync(join(access.repository, 'locks')).length > 0, { timeout: 120_000 });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await step.probe()).toBe('not-started');
  expect(await step.act()).toMatchObject({ files: 7 });
});

test(
  'the lock of a restic that was killed is taken away, and that of one at work is not',
  { skip },
  async () => {
    const { access, given, env } = world();
    const { snapshot } = await (await drive(resticBackup, given)).act();
    const proof = await drive(resticProof, { ...access, snapshot, seed: 's' });
    const locks = () => readdirSync(join(access.repository, 'locks'));
    // It waits for what it shall back up.
    const child = spawn('restic', ['backup', '--stdin'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
    await vi.waitUntil(() => locks().length > 0, { timeout: 120_000 });
    await expect(proof.act()).rejects.toMatchObject({ code: 'restic.locked' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(locks()).toHaveLength(1);
    expect(await proof.act()).toMatchObject({ proven: true });
    expect(locks()).toEqual([]);
  },
);

test('a proof fails when the source was damaged without a trace in size and time', { skip }, async () => {
  const { access, given, source } = world();
  const plain = join(source, 'plain');
  utimesSync(plain, 1, 1);
  const { snapshot } = await (await drive(resticBackup, given)).act();
  writeFileSync(plain, 'OF PLAIN');
  utimesSync(plain, 1, 1);
  const proof = await drive(resticProof, { ...access, snapshot, seed: 's' });
  await expect(proof.act()).rejects.toMatchObject({
    code: 'restic.differs',
    message: expect.stringContaining(plain),
  });
  expect(readdirSync(proof.folder)).toEqual([]);
});

test(
  'a proof leaves out of the comparison what was changed since, and fails on a damaged repository',
  { skip },
  async () => {
    const { access, given, source } = world();
    const { snapshot } = await (await drive(resticBackup, given)).act();
    writeFileSync(join(source, 'plain'), 'changed since');
    rmSync(join(source, 'a b'));
    const proof = await drive(resticProof, { ...access, snapshot, seed: 's' });
    expect(await proof.act()).toMatchObject({ files: 6, compared: 4 });
    for (const folder of readdirSync(join(access.repository, 'data'))) {
      for (const pack of readdirSync(join(access.repository, 'data', folder))) {
        const path = join(access.repository, 'data', folder, pack);
        const bytes = readFileSync(path);
        bytes[Math.floor(bytes.length / 3)]! ^= 1;
        rmSync(path);
        writeFileSync(path, bytes);
      }
    }
    await expect(proof.act()).rejects.toMatchObject({ code: 'restic.failed' });
  },
);

test(
  'the databases of a backup are read wholly once they are restored, with their WAL, and a torn one is found',
  { skip },
  async () => {
    const { access, given, source, folder } = world();
    const [sound, torn] = [join(source, 'sound.db'), join(source, 'torn [1].db')];
    for (const path of [sound, torn]) {
      const database = new DatabaseSync(path);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE rows (text); BEGIN');
      const insert = database.prepare('INSERT INTO rows VALUES (?)');
      for (let row = 0; row < 300; row += 1) insert.run(`row ${row} `.repeat(20));
      database.exec('COMMIT');
      // Of the sound one, all lies in the WAL alone, as of a service that was killed.
      for (const ending of path === sound ? ['', '-wal'] : [])
        cpSync(`${path}${ending}`, `${path}.kept${ending}`);
      database.close();
    }
    const bytes = readFileSync(torn);
    bytes.fill(0xff, 8192, 12_288);
    writeFileSync(torn, bytes);
    for (const ending of ['', '-wal']) renameSync(`${sound}.kept${ending}`, `${sound}${ending}`);
    const { snapshot } = await (await drive(resticBackup, given)).act();
    const scratch = temporaryFolder();
    const context = { host: thisMachine(), signal: AbortSignal.timeout(60_000), run: { folder: scratch } };
    const ask = (databases: readonly string[], changes: object = {}) =>
      resticDatabases({ ...access, snapshot, databases, ...changes }).run(context as never);
    expect(await ask([sound])).toMatchObject({
      verdict: 'PASS',
      observed: `of the snapshot ${snapshot.slice(0, 8)}: 1 database is sound`,
      evidence: { databases: [{ path: sound, standing: 'sound' }] },
    });
    expect(await ask([sound, torn])).toMatchObject({
      verdict: 'FAIL',
      observed: expect.stringContaining(torn),
    });
    expect(await ask([join(source, 'absent.db')])).toMatchObject({ verdict: 'FAIL' });
    const other = { secret: 'file' as const, name: join(folder, 'other-password') };
    expect(await ask([sound], { password: other })).toMatchObject({
      verdict: 'BLOCKED',
      observed: expect.stringContaining('wrong password'),
    });
    expect(readdirSync(scratch)).toEqual([]);
  },
);
