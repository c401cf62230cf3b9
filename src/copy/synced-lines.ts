import { closeSync, fdatasyncSync, openSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StepError } from '../errors.ts';
import { syncFolder } from './durable.ts';
import { linesOf } from './lines.ts';

const syncEveryMs = 500;
const syncEveryLines = 4_096;

/** A file of JSON lines that is appended to for hours: synced now and then, so that a kill loses the last second at most. */
export class SyncedLines {
  readonly #descriptor: number;
  readonly #explain: (error: unknown) => StepError;
  #waiting: string[] = [];
  #lastSync = 0;

  /**
   * @param header the first line of a file that is begun anew; `undefined` to go on with what is there
   * @param explain the error for what cannot be written
   */
  constructor(file: string, header: object | undefined, explain: (error: unknown) => StepError) {
    this.#explain = explain;
    if (header === undefined) this.#attempt(() => cutTornTail(file));
    this.#descriptor = this.#attempt(() => openSync(file, header === undefined ? 'a' : 'w', 0o600));
    if (header === undefined) return;
    this.add(header);
    this.sync();
    this.#attempt(() => syncFolder(dirname(file)));
  }

  /** Waits for the next sync. */
  add(line: object): void {
    this.#waiting.push(JSON.stringify(line));
  }

  /** @param now milliseconds of any clock that does not jump */
  syncWhenDue(now: number): void {
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

  #attempt<Value>(work: () => Value): Value {
    try {
      return work();
    } catch (error) {
      throw this.#explain(error);
    }
  }
}

/** A kill or a power cut may leave half a line, to which the next one must not be joined. */
function cutTornTail(file: string): void {
  let whole = 0;
  for (const { bytes, ended } of linesOf(file)) if (ended) whole += bytes.length + 1;
  truncateSync(file, whole);
}
