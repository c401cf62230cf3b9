import {
  constants,
  copyFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  type BigIntStats,
} from 'node:fs';
import { basename, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { headOf } from './find.ts';
import { isDatabase, usesWal } from './header.ts';
import { howToRead, type Beside, type Reading } from './how-to-read.ts';
import { integrityOf } from './integrity.ts';
import type { LookedAt, LookRequest } from './request.ts';

/** Left free beside a copy, in bytes: others write to the same disk. */
const margin = 64 * 1024 * 1024;
/** A database in rollback mode that is larger is copied in steps, between which its service can write. */
const wholeAtOnce = 64 * 1024 * 1024;

/** More than any database has; `backup` takes no word for all. */
const allPages = 2 ** 31 - 1;

/** Looks at one database. It writes to the scratch folder alone. */
export async function lookAt(
  path: string,
  { service, scratch }: Pick<LookRequest, 'service' | 'scratch'>,
): Promise<LookedAt> {
  const nothing = {
    path,
    bytes: 0,
    problems: [],
    brokenReferences: 0,
    tables: 0,
    readBy: 'nothing' as const,
  };
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { ...nothing, standing: 'missing' };
  if (!stat.isFile()) return { ...nothing, standing: 'not-a-database' };
  const bytes = stat.size;
  // SQLite looks for the other files beside where a symlink leads.
  const real = realpathSync(path);
  let readBy: Reading | 'nothing' = 'nothing';
  let before: string | undefined;
  const found = (more: Partial<LookedAt> & Pick<LookedAt, 'standing'>): LookedAt => {
    const moved = service === 'stopped' && before !== undefined && signature(real) !== before;
    if (!moved) return { ...nothing, bytes, readBy, ...more };
    return { ...nothing, bytes, readBy, standing: 'in-use', problems: ['it was written while it was read'] };
  };
  try {
    const head = headOf(real);
    if (bytes === 0 && besideOf(real).wal === undefined) return found({ standing: 'empty' });
    if (!isDatabase(head) && bytes > 0) return found({ standing: 'not-a-database' });
    readBy = howToRead(service, besideOf(real), usesWal(head));
    const lacking = readBy === 'immutable' ? undefined : lackOfSpace(real, scratch);
    if (lacking !== undefined) return found({ standing: 'no-space', problems: [lacking] });
    before = signature(real);
    let integrity = await reading(readBy, real, scratch);
    if (readBy === 'immutable' && service === 'running' && signature(real) !== before) {
      readBy = 'backup';
      integrity = await reading(readBy, real, scratch);
    }
    const { damage, unjudged, ...counted } = integrity;
    if (damage.length > 0) return found({ ...counted, standing: 'damaged', problems: damage });
    if (unjudged.length === 0) return found({ ...counted, standing: 'sound' });
    const problems = [`only its service can read ${unjudged.slice(0, 10).join(', ')}`];
    return found({ ...counted, standing: 'unjudged', problems });
  } catch (thrown) {
    const { message, code } = thrown as NodeJS.ErrnoException;
    const damaged = code === 'ERR_SQLITE_ERROR' && isDamage(thrown);
    return found({ standing: damaged ? 'damaged' : 'unreadable', problems: [message] });
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB, also with more in the upper bits; an I/O error is the disk's. */
function isDamage(thrown: unknown): boolean {
  const { errcode } = thrown as { errcode?: number };
  return errcode !== undefined && [11, 26].includes(errcode % 256);
}

async function reading(how: Reading, path: string, scratch: string): Promise<ReturnType<typeof integrityOf>> {
  if (how === 'immutable') return inDatabase(uri(path, 'immutable=1'), { readOnly: true });
  const copy = join(scratch, basename(path));
  try {
    if (how === 'copy') copyAll(path, copy);
    else await backUp(path, copy);
    return inDatabase(uri(copy, 'mode=rw'), {});
  } finally {
    for (const end of ['', ...besides]) rmSync(`${copy}${end}`, { force: true });
  }
}

function inDatabase(address: URL, options: { readOnly?: boolean }): ReturnType<typeof integrityOf> {
  const database = new DatabaseSync(address, {
    ...options,
    enableForeignKeyConstraints: false,
    allowExtension: false,
  });
  try {
    // A copy that goes at once need not reach the disk.
    if (options.readOnly !== true) database.exec('PRAGMA synchronous = OFF');
    // What a schema calls must not reach further than the database.
    database.exec('PRAGMA trusted_schema = OFF');
    return integrityOf(database);
  } finally {
    database.close();
  }
}

/** With WAL or journal, which its copy is recovered from; not the index of the WAL, which is made anew. */
function copyAll(path: string, copy: string): void {
  for (const end of ['', '-wal', '-journal']) {
    if (statSync(`${path}${end}`, { throwIfNoEntry: false }) === undefined) continue;
    copyFileSync(`${path}${end}`, `${copy}${end}`, constants.COPYFILE_FICLONE);
  }
}

/** Takes part in the locks of the service, but makes no file where there is none. */
async function backUp(path: string, copy: string): Promise<void> {
  const source = new DatabaseSync(uri(path, 'mode=ro&readonly_shm=1'), { readOnly: true, timeout: 10_000 });
  try {
    const wal = usesWal(headOf(path));
    // In WAL mode one long read stops nobody, and several short ones would begin anew with every write.
    const rate = wal || statSync(path).size <= wholeAtOnce ? allPages : 4_096;
    await backup(source, copy, { rate });
  } finally {
    source.close();
  }
}

function uri(path: string, query: string): URL {
  const address = pathToFileURL(path);
  address.search = query;
  return address;
}

const besides = ['-wal', '-shm', '-journal'] as const;

function besideOf(path: string): Beside {
  const size = (end: string) => statSync(`${path}${end}`, { throwIfNoEntry: false })?.size;
  return { wal: size('-wal'), shm: size('-shm'), journal: size('-journal') };
}

/** Changes with every write to the database or what lies beside it. */
function signature(path: string): string {
  return ['', '-wal', '-journal']
    .map((end) => {
      const stat: BigIntStats | undefined = statSync(`${path}${end}`, {
        bigint: true,
        throwIfNoEntry: false,
      });
      return stat === undefined ? '-' : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    })
    .join('|');
}

function lackOfSpace(path: string, scratch: string): string | undefined {
  const { bavail, bsize } = statfsSync(scratch);
  const free = bavail * bsize;
  const beside = besideOf(path);
  // Recovering a copy writes its WAL into it.
  const needed = statSync(path).size + 2 * (beside.wal ?? 0) + (beside.journal ?? 0) + margin;
  return needed <= free ? undefined : `a copy in ${scratch} needs ${needed} bytes, and ${free} are free`;
}
