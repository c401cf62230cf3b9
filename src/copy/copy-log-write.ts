import { closeSync, fdatasyncSync, openSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { StepError, messageOf } from '../errors.ts';
import { readCopyLogHeader } from './copy-log-read.ts';
import type { CopiedFile, CopyLogHeader, PassEnd } from './copy-log.ts';
import { syncFolder } from './durable.ts';
import { pathField } from './entry-line.ts';
import { linesOf } from './lines.ts';

const syncEveryMs = 2_000;
const syncEveryLines = 4_096;

/**
 * The durable memory of a copy: whose it is, and which files were read with what result. Appended to
 * while rsync runs, so that a killed attempt loses at most the last seconds.
 *
 * @throws StepError `copy-log.cannot-write`
 */
export class CopyLog {
  readonly #file: string;
  readonly #descriptor: number;
  #waiting: string[] = [];
  #lastSync = 0;

  /** Goes on with the file, or begins it with the header. */
  constructor(file: string, header: CopyLogHeader) {
    this.#file = file;
    const begun = readCopyLogHeader(file) !== undefined;
    if (begun) this.#attempt(() => cutTornTail(file));
    this.#descriptor = this.#attempt(() => openSync(file, begun ? 'a' : 'w', 0o600));
    if (begun) return;
    this.#waiting.push(JSON.stringify({ copylog: 1, ...header }));
    this.sync();
    this.#attempt(() => syncFolder(dirname(file)));
  }

  /** @param now milliseconds of any clock that does not jump */
  add({ path, hash, inode, ctimeNs, size }: CopiedFile, now: number): void {
    this.#waiting.push(
      JSON.stringify({
        ...pathField('path', path),
        hash,
        inode: String(inode),
        ctimeNs: String(ctimeNs),
        size,
      }),
    );
    if (this.#waiting.length < syncEveryLines && now - this.#lastSync < syncEveryMs) return;
    this.sync();
    this.#lastSync = now;
  }

  /** What rsync reads from here on is vouched for by the next `synced` or the end of this pass alone. */
  beginPass(pass: PassEnd['passEnded']): void {
    this.#waiting.push(JSON.stringify({ passBegan: pass }));
    this.sync();
  }

  /** To be called only after rsync ended and the target's file system was synced, whatever becomes of the pass. */
  synced(): void {
    this.#waiting.push(JSON.stringify({ synced: true }));
    this.sync();
  }

  /** Nothing on the target is to be believed any more: the next final pass reads all of it. */
  distrust(why: string): void {
    this.#waiting.push(JSON.stringify({ distrusted: why }));
    this.sync();
  }

  /** To be called only after the target's file system was synced. */
  endPass(end: PassEnd): void {
    this.#waiting.push(JSON.stringify(end));
    this.sync();
  }

  sync(): void {
    let bytes = Buffer.from(this.#waiting.map((line) => `${line}\n`).join(''));
    this.#waiting = [];
    this.#attempt(() => {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#descriptor, bytes));
      fdatasyncSync(this.#descriptor);
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #attempt<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      throw new StepError(
        'copy-log.cannot-write',
        `cannot write ${this.#file}, which remembers what was copied: ${messageOf(error)}`,
        'Make room, or see to the disk that holds it, and go on: what is copied stays copied.',
        error,
      );
    }
  }
}

/** A kill or a power cut may leave half a line, to which the next one must not be joined. */
function cutTornTail(file: string): void {
  let whole = 0;
  for (const { bytes, ended } of linesOf(file)) if (ended) whole += bytes.length + 1;
  truncateSync(file, whole);
}
