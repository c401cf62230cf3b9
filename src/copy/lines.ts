import { closeSync, openSync, readSync } from 'node:fs';

const chunkSize = 1024 * 1024;

export interface Line {
  readonly bytes: Buffer;
  /** False for the last line of a file that does not end in a newline. */
  readonly ended: boolean;
}

/** The lines of a file, in bounded memory, without their newlines. Each is valid until the next is asked for. */
export function* linesOf(file: string): Generator<Line, void> {
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(chunkSize);
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const count = readSync(descriptor, chunk);
      if (count === 0) break;
      let bytes =
        rest.length === 0 ? chunk.subarray(0, count) : Buffer.concat([rest, chunk.subarray(0, count)]);
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a)) {
        yield { bytes: bytes.subarray(0, end), ended: true };
        bytes = bytes.subarray(end + 1);
      }
      rest = Buffer.from(bytes);
    }
    if (rest.length > 0) yield { bytes: rest, ended: false };
  } finally {
    closeSync(descriptor);
  }
}

/** What a line of JSON holds; `undefined` when it is none. */
export function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
