import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Confirmations } from '../engine/ports.ts';
import { StateError, messageOf } from '../errors.ts';
import { makeFolderDurably } from './durable.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/*
 * Whoever confirms a step from another login cannot write the journal, since the process that waits holds
 * the run's lock. They leave an empty file, whose name says all: the step, and the start that armed the
 * deadline. The holder of the lock looks for it, and journals what it found; only that counts.
 */

/**
 * Leaves a word for the process that waits for it. Twice is as once. It is not synced: whoever is to read
 * it lives in the same boot, or it comes too late.
 *
 * @param folder the run's
 * @throws StateError `confirm.unwritable`
 */
export async function requestConfirmation(folder: string, step: string, armedSeq: number): Promise<void> {
  try {
    await makeFolderDurably(join(folder, 'confirmations'), 0o700);
    const file = await open(pathOf(folder, step, armedSeq), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    await file.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new StateError(
      'confirm.unwritable',
      `the confirmation of "${step}" cannot be left in ${folder}: ${messageOf(error)}`,
      'Confirm at the terminal where the run waits, or free some space there, and try again.',
      error,
    );
  }
}

/** What others have left in a run's folder. */
export function confirmationsIn(folder: string): Confirmations {
  return {
    async requested(step, armedSeq) {
      try {
        const found = await lstat(pathOf(folder, step, armedSeq));
        // Of another user, or no plain file, it is nobody's word.
        return found.isFile() && (found.uid === process.getuid?.() || found.uid === 0);
      } catch {
        return false;
      }
    },
  };
}

function pathOf(folder: string, step: string, armedSeq: number): string {
  return join(folder, 'confirmations', `${step}.${armedSeq}`);
}
