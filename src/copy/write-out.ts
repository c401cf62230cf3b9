import { setTimeout } from 'node:timers/promises';

const pauseMs = 500;

/**
 * Has the disk write while rsync runs, instead of leaving all of it to the end: the kernel alone would keep
 * half a minute's worth in memory.
 *
 * @param flush writes out what waits in memory; its failures show themselves at the end of the pass
 */
export function writeOut(flush: (signal: AbortSignal) => Promise<unknown>): { end(): Promise<void> } {
  const ended = new AbortController();
  const writing = (async () => {
    while (!ended.signal.aborted) {
      const began = performance.now();
      await flush(ended.signal);
      // A slow disk is left as much time for the rest.
      await setTimeout(Math.max(pauseMs, performance.now() - began), undefined, { signal: ended.signal });
    }
  })().catch(() => {});
  return {
    async end() {
      ended.abort();
      await writing;
    },
  };
}
