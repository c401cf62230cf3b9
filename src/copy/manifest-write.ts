import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { MigrateError, StepError, messageOf } from '../errors.ts';
import { renameDurably } from './durable.ts';
import { toLine } from './entry-line.ts';
import type { Entry } from './entry.ts';
import type { ManifestHeader, ManifestSummary, ManifestTrailer } from './manifest.ts';

const bufferSize = 256 * 1024;

/**
 * Writes a manifest beside its name and renames it when it is whole and synced, so that a file of that
 * name is always complete.
 *
 * @throws StepError `manifest.cannot-write`; what was there before stays
 */
export class ManifestWriter {
  readonly #file: string;
  readonly #digest = createHash('sha256');
  readonly #linked = new Set<bigint>();
  readonly #descriptor: number;
  #waiting: string[] = [];
  #waitingLength = 0;
  #entries = 0;
  #files = 0;
  #bytes = 0;

  constructor(file: string, header: ManifestHeader) {
    this.#file = file;
    this.#descriptor = this.#attempt(() => openSync(`${file}.new`, 'w', 0o600));
    this.#line(JSON.stringify(header));
  }

  /** Entries come in the order of `comparePaths`. */
  add(entry: Entry): void {
    this.#entries += 1;
    if (entry.type === 'file') {
      this.#files += 1;
      if (entry.links === undefined || !this.#linked.has(entry.inode)) this.#bytes += entry.size ?? 0;
      if (entry.links !== undefined) this.#linked.add(entry.inode);
    }
    this.#line(toLine(entry));
  }

  finish(): ManifestSummary {
    this.#write();
    const trailer: ManifestTrailer = {
      entries: this.#entries,
      files: this.#files,
      bytes: this.#bytes,
      sha256: this.#digest.digest('hex'),
    };
    return this.#attempt(() => {
      writeAll(this.#descriptor, `${JSON.stringify(trailer)}\n`);
      fsyncSync(this.#descriptor);
      closeSync(this.#descriptor);
      renameDurably(`${this.#file}.new`, this.#file);
      return { file: this.#file, ...trailer };
    });
  }

  /** Leaves nothing behind. */
  abandon(): void {
    try {
      closeSync(this.#descriptor);
    } catch {
      // It was closed already; what is to be removed is the file.
    }
    rmSync(`${this.#file}.new`, { force: true });
  }

  #line(text: string): void {
    this.#waiting.push(text, '\n');
    this.#waitingLength += text.length + 1;
    if (this.#waitingLength >= bufferSize) this.#write();
  }

  #write(): void {
    const text = this.#waiting.join('');
    this.#digest.update(text);
    this.#attempt(() => writeAll(this.#descriptor, text));
    this.#waiting = [];
    this.#waitingLength = 0;
  }

  #attempt<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      if (error instanceof MigrateError) throw error;
      throw new StepError(
        'manifest.cannot-write',
        `cannot write the manifest ${this.#file}: ${messageOf(error)}`,
        'Make room, or see to the disk that holds it, and go on.',
        error,
      );
    }
  }
}

function writeAll(descriptor: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) bytes = bytes.subarray(writeSync(descriptor, bytes));
}
