import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { createXXHash128, type IHasher } from 'hash-wasm';

export interface HashedFile {
  /** xxh128, as rsync and `xxhsum -H2` print it. */
  readonly hash: string;
  readonly size: number;
  readonly inode: bigint;
  readonly ctimeNs: bigint;
  /** It was read from the disk, past the page cache. */
  readonly direct: boolean;
}

const chunkSize = 1024 * 1024;
// O_NONBLOCK: something else may stand there by now, and opening a fifo would wait for ever.
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Reads and hashes files one after another. */
export class FileHasher {
  readonly #hasher: IHasher;
  // Direct reads need memory aligned to the disk's blocks. What may grow is mapped by pages, never part of a heap.
  readonly #chunk = Buffer.from(new ArrayBuffer(chunkSize, { maxByteLength: chunkSize }), 0, chunkSize);

  private constructor(hasher: IHasher) {
    this.#hasher = hasher;
  }

  static async create(): Promise<FileHasher> {
    return new FileHasher(await createXXHash128());
  }

  /**
   * @param direct past the page cache, where the file system allows it
   * @param onRead told of bytes as they are read
   * @throws the system's error; `ESTALE` when the file changed while it was read
   */
  hash(path: Buffer, direct: boolean, onRead?: (bytes: number) => void): HashedFile {
    if (direct) {
      try {
        return this.#read(path, true, onRead);
      } catch (error) {
        if (!['EINVAL', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    }
    return this.#read(path, false, onRead);
  }

  #read(path: Buffer, direct: boolean, onRead?: (bytes: number) => void): HashedFile {
    const descriptor = openSync(path, direct ? readOnly | constants.O_DIRECT : readOnly);
    try {
      const before = fstatSync(descriptor, { bigint: true });
      if (!before.isFile()) throw stale('is no longer a file');
      const size = Number(before.size);
      this.#hasher.init();
      let done = 0;
      while (done < size) {
        const count = readSync(descriptor, this.#chunk, 0, chunkSize, null);
        if (count === 0) throw stale('became shorter while it was read');
        this.#hasher.update(this.#chunk.subarray(0, count));
        done += count;
        onRead?.(count);
      }
      const after = fstatSync(descriptor, { bigint: true });
      if (done !== size || after.size !== before.size || after.mtimeNs !== before.mtimeNs)
        throw stale('changed while it was read');
      return { hash: this.#hasher.digest('hex'), size, inode: before.ino, ctimeNs: before.ctimeNs, direct };
    } finally {
      closeSync(descriptor);
    }
  }
}

function stale(how: string): Error {
  return Object.assign(new Error(`it ${how}`), { code: 'ESTALE' });
}
