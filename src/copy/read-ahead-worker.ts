import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { bytesOf, type BytePath } from './byte-path.ts';

export interface AheadFile {
  /** From the root of the file system. */
  readonly from: BytePath;
  /** What rsync will compare it with. */
  readonly to: BytePath;
}

// From there on the kernel itself reads ahead of whoever reads in order.
const chunkSize = 512 * 1024;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

if (parentPort !== null) {
  const port = parentPort;
  const chunk = Buffer.allocUnsafe(chunkSize);
  port.on('message', (files: readonly AheadFile[]) => {
    for (const file of files) read(file, chunk);
    port.postMessage(files.length);
  });
}

function read({ from, to }: AheadFile, chunk: Buffer): void {
  try {
    const source = lstatSync(bytesOf(from), { bigint: true });
    const target = lstatSync(bytesOf(to), { bigint: true, throwIfNoEntry: false });
    // rsync will take it for up to date and not read it.
    if (target?.size === source.size && target.mtimeNs === source.mtimeNs) return;
    const descriptor = openSync(bytesOf(from), flags);
    try {
      readSync(descriptor, chunk, 0, chunkSize, null);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Whatever is wrong with it, rsync will say so.
  }
}
