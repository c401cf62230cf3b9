/**
 * Keeps a run alive whose output cannot be written: its reader has gone with a pipe or an SSH connection,
 * or the disk is full that holds a file of it. What a run does lies in the journal; only the telling is lost.
 */
export function letOutputFail(): void {
  let told = false;
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount('error') > 0) continue;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (told || error.code === 'EPIPE' || error.code === 'EIO') return;
      told = true;
      stderr.write(`warning: what follows cannot be told here: ${error.message}\n`);
    });
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
