import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll } from 'vitest';
import { temporaryFolder } from '../../../host/folder.ts';

export const noRestic = existsSync('/usr/bin/restic') ? false : 'restic is not installed';
if (noRestic !== false) console.log(`tests of restoring with the real restic are skipped: ${noRestic}`);

/** Whose the files are: nobody's on this machine, so that a restore as root must bring the numbers back. */
export const uid = process.getuid?.() === 0 ? 20_123 : (process.getuid?.() ?? 0);

/** A data folder as Sonarr has one, with a real database. */
export function writeData(folder: string, rows = 100): void {
  mkdirSync(join(folder, 'logs'), { recursive: true });
  writeFileSync(join(folder, 'config.xml'), '<Config/>');
  writeFileSync(join(folder, 'a name [1]*'), 'odd');
  writeFileSync(join(folder, 'logs', 'log.txt'), 'x'.repeat(5000));
  symlinkSync('config.xml', join(folder, 'link'));
  const database = new DatabaseSync(join(folder, 'sonarr.db'));
  database.exec('CREATE TABLE episodes (id INTEGER PRIMARY KEY, title TEXT)');
  const insert = database.prepare('INSERT INTO episodes (title) VALUES (?)');
  for (let row = 0; row < rows; row += 1) insert.run(`episode ${row} ${'.'.repeat(200)}`);
  database.close();
  chmodSync(folder, 0o750);
  for (const name of ['', 'logs', 'logs/log.txt', 'config.xml', 'a name [1]*', 'sonarr.db'])
    chownSync(join(folder, name), uid, uid);
}

export function rowsIn(folder: string): number {
  const database = new DatabaseSync(join(folder, 'sonarr.db'), { readOnly: true });
  const row = database.prepare('SELECT count(*) AS n FROM episodes').get() as { n: number };
  database.close();
  return row.n;
}

/** Every name of a tree with its type, size, mode and owner. */
export function treeOf(folder: string): string {
  return execFileSync('find', [folder, '-printf', String.raw`%P %y %s %m %U %G\n`], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.replace(/ d \d+ /, ' d '))
    .toSorted()
    .join('\n');
}

export interface Repository {
  readonly access: {
    readonly repository: string;
    readonly password: { readonly secret: 'file'; readonly name: string };
    readonly env: Readonly<Record<string, string>>;
  };
  restic(...args: string[]): string;
}

/** A real repository; its password lies in a file beside it. */
export function repository(folder: string, name = 'repository'): Repository {
  writeFileSync(join(folder, `${name}.password`), 'correct horse');
  const made = opened(folder, name);
  made.restic('init');
  return made;
}

function opened(folder: string, name = 'repository'): Repository {
  const access = {
    repository: join(folder, name),
    password: { secret: 'file' as const, name: join(folder, `${name}.password`) },
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
  return { access, restic };
}

/** Where the data of every test's backup lay: making a repository takes seconds, so they share one. */
let shared: { readonly folder: string; readonly path: string; readonly tree: string } | undefined;

afterAll(() => {
  if (shared !== undefined) rmSync(shared.folder, { recursive: true, force: true });
});

function sharedBackup() {
  if (shared !== undefined) return shared;
  const folder = mkdtempSync(join(tmpdir(), 'migrate-restore-'));
  const path = join(folder, 'persist', 'sonarr');
  mkdirSync(dirname(path));
  writeData(path);
  const { restic } = repository(folder);
  restic('backup', '--host', 'forge', '--tag', 'sonarr', path);
  shared = { folder, path, tree: treeOf(path) };
  return shared;
}

/** A service in a plain folder whose data is lost, and a repository of its own that holds a backup. */
export function lostFolder() {
  const backup = sharedBackup();
  const folder = temporaryFolder();
  const path = join(folder, 'persist', 'sonarr');
  mkdirSync(dirname(path));
  for (const name of ['repository', 'repository.password'])
    cpSync(join(backup.folder, name), join(folder, name), { recursive: true });
  const place = { path, mustHold: ['config.xml', 'sonarr.db'], sqlite: ['sonarr.db'] };
  const backups = opened(folder);
  const source = {
    kind: 'restic' as const,
    ...backups.access,
    host: 'forge',
    tags: ['sonarr'],
    path: backup.path,
  };
  const given = { ...place, sources: [source], limit: '1h' as const };
  return { folder, path, tree: backup.tree, backupPath: backup.path, place, source, given, ...backups };
}

export function copyOf(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
}
