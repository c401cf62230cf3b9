import { closeSync, existsSync, fdatasyncSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { StepError, messageOf } from '../errors.ts';
import { syncFolder } from './durable.ts';
import { linesOf } from './lines.ts';

const moment = z.object({
  /** Milliseconds since 1970. */
  wall: z.number(),
  /** Milliseconds since boot. */
  boottime: z.number(),
  bootId: z.string(),
});
/** When something was read, by clocks that tell a jump. */
export type Moment = z.infer<typeof moment>;

const logHeader = z.object({
  verified: z.literal(1),
  /** SHA-256 of the manifest. */
  manifest: z.string(),
  /** Inode of the target's own folder. */
  target: z.string(),
  since: moment,
});
export type VerifiedHeader = Omit<z.infer<typeof logHeader>, 'verified'>;

/** Place in the manifest, and inode and change time of what was read there. */
const soundLine = z.tuple([
  z.number().int().nonnegative(),
  z.string().regex(/^\d+$/),
  z.string().regex(/^-?\d+$/),
]);

const syncEveryMs = 2_000;
const syncEveryLines = 4_096;

/**
 * The durable memory of a verification that may be killed: which files were read and found sound. What
 * differed is not in it, so it is read, and told, again.
 */
export class VerifiedLog {
  readonly since: Moment;
  readonly #file: string;
  readonly #descriptor: number;
  readonly #inodes: BigUint64Array;
  readonly #ctimes: BigInt64Array;
  #waiting: string[] = [];
  #lastSync = 0;

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
    const earlier = this.#attempt(() => this.#read(header));
    const goesOn = earlier !== undefined && mayGoOn(earlier);
    this.since = goesOn ? earlier : header.since;
    if (!goesOn) this.#inodes.fill(0n);
    this.#descriptor = this.#attempt(() => openSync(file, goesOn ? 'a' : 'w', 0o600));
    if (goesOn) return;
    this.#waiting.push(JSON.stringify({ verified: 1, ...header }));
    this.sync();
    this.#attempt(() => syncFolder(dirname(file)));
  }

  /** Whether this very file, unchanged since, was found sound. */
  has(index: number, inode: bigint, ctimeNs: bigint): boolean {
    return this.#inodes[index] === inode && this.#ctimes[index] === ctimeNs;
  }

  /** @param now milliseconds of any clock that does not jump */
  add(index: number, inode: bigint, ctimeNs: bigint, now: number): void {
    // A change that comes within the same tick of the file system's clock would leave no trace.
    if (ctimeNs >= BigInt(Math.floor(this.since.wall)) * 1_000_000n) return;
    this.#waiting.push(JSON.stringify([index, String(inode), String(ctimeNs)]));
    if (this.#waiting.length < syncEveryLines && now - this.#lastSync < syncEveryMs) return;
    this.sync();
    this.#lastSync = now;
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

  /** The verification came to its end: the next one reads everything. */
  remove(): void {
    rmSync(this.#file, { force: true });
  }

  /** Since when, where it is a log of the same; a torn end is cut off, so that the next line is not joined to it. */
  #read(header: VerifiedHeader): Moment | undefined {
    if (!existsSync(this.#file)) return undefined;
    let since: Moment | undefined;
    let whole = 0;
    for (const { bytes, ended } of linesOf(this.#file)) {
      if (!ended) break;
      whole += bytes.length + 1;
      const value = json(bytes);
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
    if (since !== undefined) truncateSync(this.#file, whole);
    return since;
  }

  #attempt<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      throw new StepError(
        'verified-log.cannot-write',
        `cannot write ${this.#file}, which remembers what was verified: ${messageOf(error)}`,
        'Make room, or see to the disk that holds it, and go on: what was verified is remembered.',
        error,
      );
    }
  }
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
