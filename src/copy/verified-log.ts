import { existsSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { StepError, messageOf } from '../errors.ts';
import { jsonOf, linesOf } from './lines.ts';
import { moment, type Moment } from './moment.ts';
import { SyncedLines } from './synced-lines.ts';

const logHeader = z.object({
  verified: z.literal(1),
  /** SHA-256 of the manifest. */
  manifest: z.string(),
  /** Inode of the target's own folder. */
  target: z.string(),
  since: moment,
});
export const verifiedLogFile = (manifest: string) => `${manifest}.verifying`;

export type VerifiedHeader = Omit<z.infer<typeof logHeader>, 'verified'>;

/** Place in the manifest, and inode and change time of what was read there. */
const soundLine = z.tuple([
  z.number().int().nonnegative(),
  z.string().regex(/^\d+$/),
  z.string().regex(/^-?\d+$/),
]);

/**
 * The durable memory of a verification that may be killed: which files were read and found sound. What
 * differed is not in it, so it is read, and told, again.
 */
export class VerifiedLog {
  readonly since: Moment;
  readonly #file: string;
  readonly #lines: SyncedLines;
  readonly #inodes: BigUint64Array;
  readonly #ctimes: BigInt64Array;

  /**
   * Goes on with the log of the same manifest and target, or begins it anew.
   *
   * @param mayGoOn whether what was read since then still counts
   * @throws StepError `verified-log.cannot-write`
   */
  constructor(file: string, header: VerifiedHeader, entries: number, mayGoOn: (since: Moment) => boolean) {
    this.#file = file;
    // Not a map: of a million files it would take most of the memory.
    this.#inodes = new BigUint64Array(entries);
    this.#ctimes = new BigInt64Array(entries);
    const explain = cannotWrite(file);
    let earlier: Moment | undefined;
    try {
      earlier = this.#read(header);
    } catch (error) {
      throw explain(error);
    }
    const kept = earlier !== undefined && mayGoOn(earlier) ? earlier : undefined;
    this.since = kept ?? header.since;
    if (kept === undefined) this.#inodes.fill(0n);
    this.#lines = new SyncedLines(file, kept === undefined ? { verified: 1, ...header } : undefined, explain);
  }

  /** Whether this very file, unchanged since, was found sound. */
  has(index: number, inode: bigint, ctimeNs: bigint): boolean {
    return this.#inodes[index] === inode && this.#ctimes[index] === ctimeNs;
  }

  /** Whether a file changed last before all of this began: a change that comes in the tick of its reading leaves no trace. */
  isOlder(ctimeNs: bigint): boolean {
    return ctimeNs < BigInt(Math.floor(this.since.wall)) * 1_000_000n;
  }

  /** @param now milliseconds of any clock that does not jump */
  add(index: number, inode: bigint, ctimeNs: bigint, now: number): void {
    this.#lines.add([index, String(inode), String(ctimeNs)]);
    this.#lines.syncWhenDue(now);
  }

  sync(): void {
    this.#lines.sync();
  }

  close(): void {
    this.#lines.close();
  }

  /** The verification came to its end: the next one reads everything. */
  remove(): void {
    rmSync(this.#file, { force: true });
  }

  /** Since when, where it is a log of the same. */
  #read(header: VerifiedHeader): Moment | undefined {
    if (!existsSync(this.#file)) return undefined;
    let since: Moment | undefined;
    for (const { bytes, ended } of linesOf(this.#file)) {
      if (!ended) break;
      const value = jsonOf(bytes);
      if (since === undefined) {
        const found = logHeader.safeParse(value);
        const same = found.data?.manifest === header.manifest && found.data.target === header.target;
        if (!found.success || !same) return undefined;
        since = found.data.since;
        continue;
      }
      const line = soundLine.safeParse(value);
      if (!line.success || line.data[0] >= this.#inodes.length) continue;
      const [index, inode, ctimeNs] = line.data;
      this.#inodes[index] = BigInt(inode);
      this.#ctimes[index] = BigInt(ctimeNs);
    }
    return since;
  }
}

function cannotWrite(file: string): (error: unknown) => StepError {
  return (error) =>
    new StepError(
      'verified-log.cannot-write',
      `cannot write ${file}, which remembers what was verified: ${messageOf(error)}`,
      'Make room, or see to the disk that holds it, and go on: what was verified is remembered.',
      error,
    );
}
