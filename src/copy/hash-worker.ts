import { parentPort } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { bytesOf, type BytePath } from './byte-path.ts';
import { FileHasher } from './hash-file.ts';

/** What the pool sends. */
export interface HashBatch {
  readonly direct: boolean;
  readonly files: readonly { readonly id: number; readonly path: BytePath }[];
}

/** What comes back: bytes as they are read, and at the end of the batch its results. */
export type HashAnswer = { readonly read: number } | { readonly results: readonly HashResult[] };

export interface HashResult {
  readonly id: number;
  readonly hash?: string | undefined;
  readonly size?: number;
  readonly inode?: bigint;
  readonly ctimeNs?: bigint;
  readonly direct?: boolean;
  /** Why it could not be read. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

const tellEvery = 64 * 1024 * 1024;

if (parentPort !== null) {
  const port = parentPort;
  const hasher = await FileHasher.create();
  port.on('message', ({ direct, files }: HashBatch) => {
    let untold = 0;
    const onRead = (bytes: number) => {
      untold += bytes;
      if (untold < tellEvery) return;
      port.postMessage({ read: untold } satisfies HashAnswer);
      untold = 0;
    };
    const results = files.map(({ id, path }): HashResult => {
      try {
        return { id, ...hasher.hash(bytesOf(path), direct, onRead) };
      } catch (error) {
        return {
          id,
          error: { code: (error as NodeJS.ErrnoException).code ?? 'unknown', message: messageOf(error) },
        };
      }
    });
    port.postMessage({ read: untold } satisfies HashAnswer);
    port.postMessage({ results } satisfies HashAnswer);
  });
}
