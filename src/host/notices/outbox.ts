import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { noticeSchema, type NoticeDocument } from '../../runbook/notice.ts';
import { makeFolderDurably, replaceDurably, syncFolder } from '../durable.ts';
import { systemFiles } from '../files.ts';
import { whyNotOwn } from '../own-folder.ts';

/** Beyond these the oldest are dropped. */
export const mostNotices = 100;

/** A notice that has not been delivered. */
export interface Kept {
  readonly id: string;
  readonly file: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
}

/** Where notices wait until they are delivered, whichever process made them. */
export function outboxFolder(state: string): string {
  return join(state, 'outbox');
}

/**
 * Keeps a notice durably, in place of an earlier one of the same id.
 * @returns how many of the oldest were dropped to make room
 * @throws Error when it cannot be written, or the folder is not this user's own
 */
export async function keepNotice(folder: string, notice: NoticeDocument): Promise<number> {
  await makeFolderDurably(folder, 0o700);
  await demandOwn(folder);
  const kept = await keptNotices(folder);
  const same = kept.find(({ id }) => id === notice.id);
  const tooMany = same === undefined ? kept.slice(0, Math.max(0, kept.length + 1 - mostNotices)) : [];
  const file = same?.file ?? join(folder, `${stamp(notice.at)}-${notice.id}.json`);
  await replaceDurably(file, `${JSON.stringify(notice)}\n`, async () => {});
  for (const { file: old } of tooMany) await rm(old, { force: true });
  return tooMany.length;
}

/** What is kept, oldest first; nothing where there is no outbox. */
export async function keptNotices(folder: string): Promise<readonly Kept[]> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
  return names
    .flatMap((name): Kept[] => {
      const [, at, id] = /^(\d{13})-([0-9a-zA-Z-]+)\.json$/.exec(name) ?? [];
      return at === undefined || id === undefined ? [] : [{ id, at: Number(at), file: join(folder, name) }];
    })
    .toSorted((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}

/**
 * Reads one that is kept.
 * @returns `undefined` when it is gone, `damaged` when it is none
 */
export async function readKept({ file }: Kept): Promise<NoticeDocument | 'damaged' | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return noticeSchema.parse(JSON.parse(text));
  } catch {
    return 'damaged';
  }
}

/** Durably: what was delivered must not be delivered again after a power cut. */
export async function forgetKept({ file }: Kept, folder: string): Promise<void> {
  await rm(file, { force: true });
  await syncFolder(folder);
}

/** What others could have put there must not be sent in this user's name. */
export async function demandOwn(folder: string): Promise<void> {
  const stat = await systemFiles.stat(folder);
  const found = stat && whyNotOwn(folder, stat, process.getuid?.() ?? 0);
  if (found !== undefined) throw new Error(`${folder} cannot be trusted: ${found.why}`);
}

function stamp(at: string): string {
  const ms = Date.parse(at);
  return String(Number.isFinite(ms) ? Math.max(0, ms) : 0).padStart(13, '0');
}
