import { constants } from 'node:fs';
import { type FileHandle, open, readFile, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StateError, messageOf } from '../errors.ts';
import { eventBody, journalVersion, type EventBody, type JournalEvent } from '../journal/event.ts';
import { checksumOf, encodeLine, explain, noLineBefore } from '../journal/line.ts';
import type { Journal } from '../journal/port.ts';
import { damaged, scanJournal, type JournalContent, type Scan } from '../journal/read.ts';
import { firstLoss } from '../runbook/index.ts';
import { syncFolder } from './durable.ts';
import { readJournalEnd, writeJournalEnd } from './journal-end.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants;

/** A journal in a file; `close` waits for the appends that are under way. */
export interface JournalFile extends Journal {
  close(): Promise<void>;
}

export interface JournalOptions {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /**
   * Asked before each line; for a rehearsal that wants to see a line half written. What it gives is
   * called with half of the line on the disk, and never returns.
   */
  readonly dieHalfway?: DieHalfway | undefined;
}

export type DieHalfway = (step: string | undefined) => (() => Promise<never>) | undefined;

/**
 * Creates an empty journal, durably.
 *
 * @throws StateError `journal.exists` when there is one, `journal.unwritable` when it cannot be created.
 */
export async function createJournal(path: string, options: JournalOptions = {}): Promise<JournalFile> {
  try {
    const handle = await open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, 0o600);
    await handle.sync();
    await syncFolder(dirname(path));
    return new OpenJournal(path, handle, { events: [], crc: noLineBefore }, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new StateError('journal.exists', `there is already a journal at ${path}`);
    }
    throw await unwritable(path, error);
  }
}

/**
 * Opens a journal for appending. Only the holder of the run's lock may: a torn tail is cut off, and
 * `journal.repaired` says so.
 *
 * @throws StateError as `readJournal` does; then nothing was written.
 */
export async function openJournal(path: string, options: JournalOptions = {}): Promise<JournalFile> {
  const content = await readJournal(path);
  const { torn } = content;
  let handle: FileHandle;
  try {
    handle = await open(path, O_RDWR | O_APPEND);
  } catch (error) {
    throw await unwritable(path, error);
  }
  const journal = new OpenJournal(path, handle, content, options);
  try {
    // Before anything is appended in place of a last line that was lost.
    await lowerEnd(path, content);
    if (torn !== undefined) await handle.truncate(torn.offset);
    // Also without a repair: the last lines may be those of a process that was killed before it synced.
    await handle.sync();
    await syncFolder(dirname(path));
    if (torn !== undefined) await journal.append({ type: 'journal.repaired', cutBytes: torn.bytes });
    await journal.keepEnd();
  } catch (error) {
    await handle.close();
    throw error instanceof StateError ? error : await unwritable(path, error);
  }
  return journal;
}

/**
 * Reads a journal without its run's lock; an append may be under way, so a torn tail is no fault.
 *
 * @throws StateError `journal.missing`, `journal.unreadable`, `journal.damaged`, `journal.newer`.
 */
export async function readJournal(path: string): Promise<JournalContent> {
  const { damage, ...content } = await readScan(path);
  if (damage !== undefined) throw damaged(path, damage);
  return content;
}

/**
 * Reads what can be believed of a journal, without its run's lock.
 *
 * @throws StateError `journal.missing`, `journal.unreadable`.
 */
export async function readScan(path: string): Promise<Scan> {
  let bytes: Buffer;
  // First: what is acknowledged meanwhile is no contradiction.
  const end = await readJournalEnd(dirname(path));
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new StateError('journal.missing', `there is no journal at ${path}`);
    }
    throw new StateError(
      'journal.unreadable',
      `the journal ${path} cannot be read: ${messageOf(error)}`,
      undefined,
      error,
    );
  }
  return scanJournal(bytes, end);
}

async function lowerEnd(path: string, { events, crc }: JournalContent): Promise<void> {
  const end = await readJournalEnd(dirname(path));
  if (end !== undefined && end.seq > events.length) {
    await writeJournalEnd(dirname(path), { seq: events.length, crc });
  }
}

class OpenJournal implements JournalFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #events: JournalEvent[];
  readonly #options: JournalOptions;
  #crc: string;
  #last: Promise<unknown> = Promise.resolve();
  #failure: StateError | undefined;

  constructor(path: string, handle: FileHandle, content: JournalContent, options: JournalOptions) {
    this.#path = path;
    this.#handle = handle;
    this.#events = [...content.events];
    this.#crc = content.crc;
    this.#options = options;
  }

  get events(): readonly JournalEvent[] {
    return this.#events;
  }

  append(event: EventBody): Promise<JournalEvent> {
    const appended = this.#last.then(() => this.#appendNext(event));
    this.#last = appended.catch(() => {});
    return appended;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#handle.close();
    await this.keepEnd();
  }

  /** Notes beside the journal how far it goes, so that a cut is found; a note of less is as true. */
  async keepEnd(): Promise<void> {
    if (this.#events.length === 0) return;
    await writeJournalEnd(dirname(this.#path), { seq: this.#events.length, crc: this.#crc }).catch(() => {});
  }

  async #appendNext(body: EventBody): Promise<JournalEvent> {
    if (this.#failure !== undefined) throw this.#failure;
    const event: JournalEvent = {
      v: journalVersion,
      seq: this.#events.length + 1,
      at: new Date((this.#options.now ?? Date.now)()).toISOString(),
      ...checked(body),
    };
    const text = encodeLine(event, this.#crc);
    const line = Buffer.from(text);
    const die = this.#options.dieHalfway?.('step' in event ? event.step : undefined);
    try {
      if (die !== undefined) await this.#writeHalf(line, die);
      // One call for the whole line. A short write is not continued: it means that the disk is full.
      const { bytesWritten } = await this.#handle.write(line);
      if (bytesWritten !== line.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
      await this.#handle.datasync();
    } catch (error) {
      // After a failed write or sync nobody knows what the disk holds, and a second sync may lie.
      this.#failure = await unwritable(this.#path, error, line.length);
      throw this.#failure;
    }
    this.#crc = checksumOf(text);
    this.#events.push(event);
    return event;
  }

  async #writeHalf(line: Buffer, die: () => Promise<never>): Promise<never> {
    await this.#handle.write(line.subarray(0, line.length >> 1));
    await this.#handle.datasync();
    return die();
  }
}

/** The event as its schema and JSON keep it. */
function checked(body: EventBody): EventBody {
  const loss = firstLoss(body, '');
  if (loss !== undefined) {
    throw new StateError(
      'journal.unstorable',
      `the event ${body.type} cannot be journaled: ${loss}`,
      'Only what JSON keeps as it is can be captured or given as an output: text, finite numbers, booleans, null, arrays and plain objects.',
    );
  }
  const parsed = eventBody.safeParse(JSON.parse(JSON.stringify(body)));
  if (parsed.success) return parsed.data;
  throw new StateError(
    'journal.unstorable',
    `the event ${body.type} cannot be journaled: ${explain(parsed.error)}`,
  );
}

/** @param needed bytes that were to be written */
async function unwritable(path: string, error: unknown, needed?: number): Promise<StateError> {
  const { code } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const cause = full ? await describeFullness(path, code, needed) : messageOf(error);
  return new StateError(
    'journal.unwritable',
    `the journal ${path} cannot be written: ${cause}`,
    full
      ? 'Free some space there, then resume the run. What was acknowledged before is safe; nothing further was begun.'
      : 'Mend the cause, then resume the run. What was acknowledged before is safe; nothing further was begun.',
    error,
  );
}

async function describeFullness(path: string, code: string, needed?: number): Promise<string> {
  const folder = dirname(path);
  const which = code === 'EDQUOT' ? "the user's quota is used up on" : 'no space is left on';
  const where = `${which} the file system of ${folder}`;
  const needs = needed === undefined ? 'a file is needed' : `${needed} bytes are needed`;
  try {
    const space = await statfs(folder);
    const free = `${space.bavail * (space.frsize || space.bsize)} bytes and ${space.ffree} inodes are free`;
    return `${where} (${needs}, ${free})`;
  } catch {
    return `${where} (${needs})`;
  }
}
