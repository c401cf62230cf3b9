import { open, type FileHandle } from 'node:fs/promises';
import { main } from '../../../src/cli/main.ts';
import { fillDisk } from './small-disk.ts';

/*
 * migrate as it is, on a disk that is full from the very moment at which the journal's line N is to be written.
 * usage: full-at.ts N BALLAST ARGUMENT…
 */
const [number, ballast = '', ...args] = process.argv.slice(2);

const any = await open('/dev/null');
const fileHandle = Object.getPrototypeOf(any) as FileHandle;
await any.close();
const write = fileHandle.write as (this: FileHandle, data: unknown, ...rest: unknown[]) => Promise<unknown>;

fileHandle.write = async function (this: FileHandle, data: unknown, ...rest: unknown[]) {
  if (!(data instanceof Uint8Array && Buffer.from(data).includes(`{"v":1,"seq":${number},`))) {
    return write.call(this, data, ...rest);
  }
  fillDisk(ballast);
  const { size, blksize } = await this.stat();
  if ((size % blksize) + data.length > blksize) return write.call(this, data);
  // It would still fit into the file's last block.
  const full = await open('/dev/full', 'w');
  try {
    return await write.call(full, data);
  } finally {
    await full.close();
  }
} as typeof fileHandle.write;

process.exitCode = await main(args);
