/**
 * Keeps a run alive whose reader has gone: a closed pipe, or a terminal that went with its SSH
 * connection. What it does lies in the journal; only the telling is lost.
 */
export function letPipesBreak(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount('error') === 0) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      });
    }
  }
}

/** Tells libraries that print by themselves, and child processes, that there is no colour. */
export function useNoColour(): void {
  process.env['NO_COLOR'] = '1';
  // Node warns when both are set.
  delete process.env['FORCE_COLOR'];
}

export const stdout = { write: (text: string): void => void process.stdout.write(text) };
export const stderr = { write: (text: string): void => void process.stderr.write(text) };
