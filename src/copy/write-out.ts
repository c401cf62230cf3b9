import { setTimeout } from 'node:timers/promises';

const pauseMs = 500;

/**
 * Has the disk write while rsync runs, instead of leaving all of it to the end: the kernel alone would keep
 * half a minute's worth in memory.
 *
 * @param flush writes out what waits in memory; when it rejects, it is not called again
 */
export function writeOut(flush: (signal: AbortSignal) => Promise<unknown>): {
  /** @returns what `flush` rejected with: the kernel tells of a failed write once only */
  end(): Promise<unknown>;
} {
  const ended = new AbortController();
  let failure: unknown;
  const writing = (async () => {
    while (!ended.signal.aborted) {
      const began = performance.now();
      await flush(ended.signal);
      // A slow disk is left as much time for the rest.
      await setTimeout(Math.max(pauseMs, performance.now() - began), undefined, { signal: ended.signal });
    }
  })().catch((error: unknown) => {
    if (!ended.signal.aborted) failure = error;
  });
  return {
    async end() {
      ended.abort();
      await writing;
      return failure;
    },
  };
}
