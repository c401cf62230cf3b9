import { parentPort } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { bytesOf } from './byte-path.ts';
import { FileHasher } from './hash-file.ts';

/** What the pool sends: paths with a NUL between them, since one text crosses to a thread faster than many values. */
export interface HashBatch {
  readonly direct: boolean;
  readonly paths: string;
}

/** What comes back: bytes as they are read, and at the end of the batch its results, in the order of the paths. */
export type HashAnswer = { readonly read: number } | { readonly results: readonly HashFound[] };

export interface HashFound {
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
  port.on('message', ({ direct, paths }: HashBatch) => {
    let untold = 0;
    const onRead = (bytes: number) => {
      untold += bytes;
      if (untold < tellEvery) return;
      port.postMessage({ read: untold } satisfies HashAnswer);
      untold = 0;
    };
    const results = paths.split('\0').map((path): HashFound => {
      try {
        return hasher.hash(bytesOf(path), direct, onRead);
      } catch (error) {
        return {
          error: { code: (error as NodeJS.ErrnoException).code ?? 'unknown', message: messageOf(error) },
        };
      }
    });
    port.postMessage({ read: untold } satisfies HashAnswer);
    port.postMessage({ results } satisfies HashAnswer);
  });
}
