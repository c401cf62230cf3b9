import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { StateError, messageOf } from '../errors.ts';
import type { JournalEnd } from '../journal/read.ts';
import { replaceDurably } from './durable.ts';

/*
 * A journal that was cut at a line looks like one that never went further. So its length is noted beside
 * it whenever a process opens or closes it. The note may lag behind, after a crash, but never runs ahead.
 */

const journalEnd = z.object({
  seq: z.int().nonnegative(),
  crc: z.string().regex(/^[0-9a-f]{8}$/),
  /** Of the two before, lest a flipped bit here speaks against a sound journal. */
  check: z.int(),
});

const fileOf = (folder: string) => join(folder, 'journal.end');

/**
 * How far a run's journal is known to have been acknowledged; `undefined` when nothing was noted.
 *
 * @throws StateError `journal.end-damaged`, `journal.unreadable`.
 */
export async function readJournalEnd(folder: string): Promise<JournalEnd | undefined> {
  const file = fileOf(folder);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new StateError(
      'journal.unreadable',
      `${file} cannot be read: ${messageOf(error)}`,
      undefined,
      error,
    );
  }
  try {
    const { seq, crc, check } = journalEnd.parse(JSON.parse(text));
    if (check !== crc32(`${seq} ${crc}`)) throw new Error('its check is wrong');
    return { seq, crc };
  } catch (error) {
    throw new StateError(
      'journal.end-damaged',
      `${file}, which notes how far the journal goes, is damaged`,
      `Check the disk. When the journal beside it is whole, delete this file: rm ${file}`,
      error,
    );
  }
}

/** Notes it durably; nothing is written when it says so already. */
export async function writeJournalEnd(folder: string, end: JournalEnd): Promise<void> {
  const { seq, crc } = end;
  const text = `${JSON.stringify({ seq, crc, check: crc32(`${seq} ${crc}`) })}\n`;
  const before = await readFile(fileOf(folder), 'utf8').catch(() => undefined);
  if (before !== text) await replaceDurably(fileOf(folder), text, async () => {});
}
