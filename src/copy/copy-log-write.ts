import { StepError, messageOf } from '../errors.ts';
import { readCopyLogHeader } from './copy-log-read.ts';
import type { CopiedFile, CopyLogHeader, PassEnd } from './copy-log.ts';
import { pathField } from './entry-line.ts';
import { SyncedLines } from './synced-lines.ts';

/**
 * The durable memory of a copy: whose it is, and which files were read with what result. Appended to
 * while rsync runs, so that a killed attempt loses at most the last second.
 *
 * @throws StepError `copy-log.cannot-write`
 */
export class CopyLog {
  readonly #lines: SyncedLines;

  /** Goes on with the file, or begins it with the header. */
  constructor(file: string, header: CopyLogHeader) {
    const begun = readCopyLogHeader(file) !== undefined;
    this.#lines = new SyncedLines(file, begun ? undefined : { copylog: 1, ...header }, cannotWrite(file));
  }

  /** @param now milliseconds of any clock that does not jump */
  add({ path, hash, inode, ctimeNs, size }: CopiedFile, now: number): void {
    this.#lines.add({
      ...pathField('path', path),
      hash,
      inode: String(inode),
      ctimeNs: String(ctimeNs),
      size,
    });
    this.#lines.syncWhenDue(now);
  }

  /** What rsync reads from here on is vouched for by a `flushed`, the next `synced` or the end of this pass alone. */
  beginPass(pass: PassEnd['passEnded']): void {
    this.#lines.add({ passBegan: pass });
    this.sync();
  }

  /** @param files how many of those added in this pass the target's disk holds */
  flushed(files: number): void {
    this.#lines.add({ flushed: files });
    this.sync();
  }

  /** To be called only after rsync ended and the target's file system was synced, whatever becomes of the pass. */
  synced(): void {
    this.#lines.add({ synced: true });
    this.sync();
  }

  /** Nothing on the target is to be believed any more: the next final pass reads all of it. */
  distrust(why: string): void {
    this.#lines.add({ distrusted: why });
    this.sync();
  }

  /** To be called only after the target's file system was synced. */
  endPass(end: PassEnd): void {
    this.#lines.add(end);
    this.sync();
  }

  sync(): void {
    this.#lines.sync();
  }

  close(): void {
    this.#lines.close();
  }
}

function cannotWrite(file: string): (error: unknown) => StepError {
  return (error) =>
    new StepError(
      'copy-log.cannot-write',
      `cannot write ${file}, which remembers what was copied: ${messageOf(error)}`,
      'Make room, or see to the disk that holds it, and go on: what is copied stays copied.',
      error,
    );
}
