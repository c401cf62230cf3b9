import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { PostgresAccess } from '../../../../src/operations/postgres/access.ts';

const programs = '/usr/lib/postgresql/15/bin';
const missing = [
  process.getuid?.() === 0 ? undefined : 'root',
  existsSync(`${programs}/initdb`) ? undefined : 'PostgreSQL 15',
  existsSync('/usr/bin/barman-cloud-backup') ? undefined : 'barman-cloud',
].filter((name) => name !== undefined);

/** Whether tests with real clusters cannot run here. */
export const skip = missing.length > 0;
process.env['AWS_MAX_ATTEMPTS'] = '1';
if (skip) console.log(`tests with real PostgreSQL are skipped: they need ${missing.join(' and ')}`);

export function postgresIds(): { readonly uid: number; readonly gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** As the server's user, with nothing of the tests' own environment. */
export function asPostgres(argv: readonly string[]) {
  const [program = '', ...args] = argv;
  return execa(
    'setpriv',
    ['--reuid=postgres', '--regid=postgres', '--init-groups', '--reset-env', program, ...args],
    {
      cwd: '/',
      stdin: 'ignore',
    },
  );
}

/** Registers what is cleaned up at the end of a test, or of all of a file. */
export type Finish = (cleanUp: () => Promise<unknown> | void) => void;

/** A folder that the server's user may enter, gone at the end. */
export function openFolder(finish: Finish): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-pg-'));
  chmodSync(folder, 0o755);
  finish(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Cluster {
  /** The data folder. */
  readonly folder: string;
  readonly server: PostgresAccess;
  start(): Promise<void>;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  sql(statement: string): Promise<string>;
}

/** A cluster of its own, made and not started; its server ends with the test. */
export async function cluster(
  root: string,
  finish: Finish,
  options: { readonly name?: string; readonly checksums?: boolean; readonly settings?: string } = {},
): Promise<Cluster> {
  const home = join(root, options.name ?? 'live');
  const folder = join(home, 'data');
  mkdirSync(home);
  execFileSync('chown', ['postgres:', home]);
  const sums = options.checksums === true ? ['--data-checksums'] : [];
  await asPostgres([`${programs}/initdb`, '-D', folder, '-A', 'peer', '--no-sync', '-E', 'UTF8', ...sums]);
  appendFileSync(
    join(folder, 'postgresql.conf'),
    `listen_addresses = ''\nunix_socket_directories = '${home}'\nfsync = off\nmax_wal_size = '64MB'\nmin_wal_size = '32MB'\n${options.settings ?? ''}\n`,
  );
  // Else an archive_command tries for long where no store answers.
  const ctl = (...words: readonly string[]) =>
    asPostgres(['env', 'AWS_MAX_ATTEMPTS=1', `${programs}/pg_ctl`, '-D', folder, '-w', ...words]);
  finish(() => ctl('-m', 'immediate', 'stop').then(undefined, () => undefined));
  return {
    folder,
    server: { socket: home },
    start: async () => void (await ctl('-l', join(home, 'log'), 'start')),
    stop: async (mode = 'fast') => void (await ctl('-m', mode, 'stop')),
    sql: async (statement) =>
      String(
        (await asPostgres(['psql', '-X', '-A', '-t', '-h', home, '-d', 'postgres', '-c', statement])).stdout,
      ),
  };
}
