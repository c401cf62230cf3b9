import { fold } from '../journal/fold.ts';
import { readJournal } from './journal-file.ts';
import { readLock } from './lock.ts';
import { runFolder } from './runs.ts';

/**
 * Whether a run has come to its end and nobody works on it: what it still holds was left by a process
 * that was killed between the end and the release. Whoever works on a run takes its lock before its claims.
 */
export async function hasEnded(stateFolder: string, run: string): Promise<boolean> {
  const { folder, journal } = runFolder(stateFolder, run);
  try {
    if ((await readLock(folder)) !== undefined) return false;
    const { status } = fold((await readJournal(journal)).events);
    // A run that was moved goes on elsewhere.
    return status === 'completed' || status === 'ended' || status === 'rolled-back' || status === 'aborted';
  } catch {
    // Its state is gone, or damaged: nobody can tell.
    return false;
  }
}
