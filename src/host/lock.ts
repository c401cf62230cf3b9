import { link, open, readdir, readFile, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LockedError, messageOf, MigrateError, StateError } from '../errors.ts';
import { isKernelLocked, takeKernelLock } from './kernel-lock.ts';
import { assess, lockFile, thisOwner, type LockFile, type LockOwner } from './lock-owner.ts';

/*
 * The lock of a folder is a row of files lock.1, lock.2, …: the highest number says who owns it, or
 * that it was released. A file appears complete, by link(2), which fails when its name is taken; so of
 * all who saw the same highest number, one wins. The highest is never deleted, so a process that was
 * stopped between its look and its link finds a higher one when it looks again, and backs off.
 * That second look is one getdents(2) of a small folder, during which the kernel lets nobody change it.
 */

export interface Lock {
  readonly owner: LockOwner;
  release(): Promise<void>;
}

export interface LockOptions {
  /** What is locked, for the message: `the run move-home-20260921-k3f9`. */
  readonly what: string;
  /** The command line of this process, for those who find it locked. */
  readonly command: string;
  /** Milliseconds to wait for another owner; 0 when left out. */
  readonly waitMs?: number;
  /** Called where another process could find the row unfinished; rehearsals end the process there. */
  readonly onStage?: OnLockStage | undefined;
}

export type OnLockStage = (stage: 'taking' | 'freeing') => void | Promise<void>;

const pollMs = 20;

/**
 * Locks a folder for this process.
 *
 * @throws LockedError `lock.held` naming the living owner, `lock.foreign` for one that cannot be judged
 *   from here; StateError `lock.damaged` for a lock file that is none, `lock.unwritable`.
 */
export async function acquireLock(folder: string, options: LockOptions): Promise<Lock> {
  return readably(folder, options.what, () => waitForLock(folder, options));
}

async function readably<Value>(folder: string, what: string, body: () => Promise<Value>): Promise<Value> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof MigrateError) throw error;
    throw new StateError(
      'lock.unwritable',
      `cannot lock or unlock ${what} in ${folder}: ${messageOf(error)}`,
      isFull(error)
        ? 'Free some space there, then call this again.'
        : 'The folder must exist and be writable for the user who runs this.',
      error,
    );
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

async function waitForLock(folder: string, options: LockOptions): Promise<Lock> {
  const deadline = performance.now() + (options.waitMs ?? 0);
  for (;;) {
    const highest = await readHighest(folder);
    const obstacle = highest && (await obstacleOf(highest, options.what));
    if (obstacle === undefined) {
      const lock = await tryTake(folder, (highest?.number ?? 0) + 1, options);
      if (lock !== undefined) return lock;
    } else if (obstacle.code === 'lock.foreign' || performance.now() >= deadline) {
      throw obstacle;
    } else {
      // Unevenly, so that those who wait together do not always look together.
      await setTimeout(pollMs * (0.5 + Math.random()));
    }
  }
}

/** The process that holds a folder's lock now, as far as can be told from here. */
export async function readLock(folder: string): Promise<LockOwner | undefined> {
  const highest = await readHighest(folder);
  if (highest === undefined || 'released' in highest.content) return undefined;
  return (await obstacleOf(highest, folder)) === undefined ? undefined : highest.content;
}

/** Who took a folder's lock last and has not released it, and what that process is to this one. */
export interface LockSeen {
  readonly owner: LockOwner;
  readonly standing: 'alive' | 'dead' | 'foreign';
}

/**
 * Looks at a folder's lock and changes nothing.
 * @throws StateError `lock.damaged`
 */
export async function lookAtLock(folder: string): Promise<LockSeen | undefined> {
  const highest = await readHighest(folder);
  if (highest === undefined || 'released' in highest.content) return undefined;
  const owner = highest.content;
  const standing = await assess(owner);
  if (standing !== 'ask-kernel') return { owner, standing };
  return { owner, standing: (await isKernelLocked(highest.path)) ? 'foreign' : 'dead' };
}

interface Highest {
  readonly number: number;
  readonly path: string;
  readonly content: LockFile;
}

async function readHighest(folder: string): Promise<Highest | undefined> {
  for (;;) {
    const number = (await lockNumbers(folder)).at(-1);
    if (number === undefined) return undefined;
    const path = join(folder, `lock.${number}`);
    const text = await readIfThere(path);
    if (text !== undefined) return { number, path, content: parse(text, path) };
  }
}

function parse(text: string, path: string): LockFile {
  try {
    return lockFile.parse(JSON.parse(text));
  } catch (error) {
    throw new StateError(
      'lock.damaged',
      `the lock file ${path} is damaged`,
      `When no migrate runs, delete it: rm ${path}`,
      error,
    );
  }
}

async function obstacleOf({ content, path }: Highest, what: string): Promise<LockedError | undefined> {
  if ('released' in content) return undefined;
  const standing = await assess(content);
  const free = standing === 'dead' || (standing === 'ask-kernel' && !(await isKernelLocked(path)));
  if (free) return undefined;
  const by = `process ${content.pid} (${content.command}) since ${content.since}`;
  if (standing === 'alive') {
    return new LockedError(
      'lock.held',
      `${what} is locked by ${by}`,
      `Wait until it ends, or end it with: kill ${content.pid}`,
    );
  }
  return new LockedError(
    'lock.foreign',
    `${what} is locked by ${by} on ${content.host}, in another container or on another machine`,
    `Whether it still runs cannot be told from here. When you are sure that it does not, delete ${path}`,
  );
}

/** `undefined` when another was faster. */
async function tryTake(
  folder: string,
  number: number,
  { what, command, onStage }: LockOptions,
): Promise<Lock | undefined> {
  const path = join(folder, `lock.${number}`);
  const owner = await thisOwner(command, Date.now());
  const created = await create(folder, number, async (file) => {
    const flock = (await takeKernelLock(file)) === 'taken';
    await onStage?.('taking');
    return { ...owner, flock };
  });
  if (created === undefined) return undefined;
  await onStage?.('taking');
  const numbers = await lockNumbers(folder);
  if (numbers.at(-1) !== number) {
    await created.file.close();
    // Ours, or that of another who was late as well and backs off, too.
    await rm(path, { force: true });
    return undefined;
  }
  await sweepDrafts(folder);
  let released = false;
  return {
    owner: created.content,
    async release() {
      if (released) return;
      released = true;
      await readably(folder, what, async () => {
        try {
          await onStage?.('freeing');
          const next = await create(folder, number + 1, async () => ({ released: true }) as const);
          await next?.file.close();
          await onStage?.('freeing');
          if (next !== undefined) await removeBelow(folder, number + 1);
        } catch (error) {
          if (!isFull(error)) throw error;
          await releaseInPlace(created.file);
        } finally {
          await created.file.close();
        }
      });
    },
  };
}

/** On a full disk there is no room for a file that says so, but the owner's own has enough. */
async function releaseInPlace(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const text = `${JSON.stringify({ released: true }).padEnd(size - 1)}\n`;
  // Where even that fails (a file system that never overwrites), the lock ends with this process.
  await file.write(text, 0).catch(() => {});
}

async function removeBelow(folder: string, number: number): Promise<void> {
  for (const lower of await lockNumbers(folder)) {
    // From the lowest, so that what is left is always the end of the row.
    if (lower < number) await rm(join(folder, `lock.${lower}`), { force: true });
  }
}

const draftPrefix = '.lock-draft-';

/**
 * Removes what those left who were killed between writing and linking. Only the owner does, and it
 * may hit the draft of one who lives, which then writes another.
 */
async function sweepDrafts(folder: string): Promise<void> {
  const drafts = (await readdir(folder)).filter((name) => name.startsWith(draftPrefix));
  await Promise.all(drafts.map((name) => rm(join(folder, name), { force: true })));
}

/** Creates a lock file whole; `undefined` when its name is taken. */
async function create<Content extends LockFile>(
  folder: string,
  number: number,
  fill: (file: FileHandle) => Promise<Content>,
): Promise<{ file: FileHandle; content: Content } | undefined> {
  for (;;) {
    const draft = join(folder, `${draftPrefix}${process.pid}-${Math.random().toString(36).slice(2)}`);
    const file = await open(draft, 'wx', 0o600);
    try {
      const content = await fill(file);
      await file.writeFile(`${JSON.stringify(content)}\n`);
      // Or a power cut may leave a name without content. The name itself may be lost: nobody lives then.
      await file.sync();
      await link(draft, join(folder, `lock.${number}`));
      return { file, content };
    } catch (error) {
      await file.close();
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return undefined;
      // Swept away before it was linked; a folder that is missing fails at the next opening.
      if (code !== 'ENOENT') throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }
}

async function lockNumbers(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => /^lock\.([1-9]\d*)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((one, other) => one - other);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
