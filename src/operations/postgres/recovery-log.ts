import { StepError } from '../../errors.ts';

/**
 * Why a recovery to a time has ended, by the log of its server in English.
 * @returns StepError `postgres.target-after-archive`, `postgres.target-before-backup`, `postgres.scratch-full`, `postgres.recovery`
 */
export function recoveryFailure(
  log: string,
  { backup, target, folder }: { readonly backup: string; readonly target: string; readonly folder: string },
): StepError {
  if (log.includes('recovery ended before configured recovery target was reached')) {
    const last = /last completed transaction was at log time (.+)$/m.exec(log)?.[1];
    return new StepError(
      'postgres.target-after-archive',
      `the archive ends before ${target}${last === undefined ? '' : `: its last transaction is of ${last}`}`,
      'Give an earlier time; or, when the live server still has the WAL, have it archive that first (pg_switch_wal).',
    );
  }
  if (/requested recovery stop point is before consistent recovery point/.test(log)) {
    return beforeBackup({ backup, target });
  }
  if (log.includes('No space left on device')) {
    return new StepError(
      'postgres.scratch-full',
      `no room is left for the restored cluster in ${folder}`,
      'Make room there, or give another scratch folder. The live cluster was not touched.',
    );
  }
  const fatal = log.split('\n').findLast((line) => /\b(FATAL|PANIC|ERROR):/.test(line));
  return new StepError(
    'postgres.recovery',
    `the restored cluster did not recover to ${target}: ${fatal?.trim() ?? 'its server left no word'}`,
    'Its log went with the scratch folder; the step’s own log has its last lines: migrate logs',
  );
}

export function beforeBackup({
  backup,
  target,
}: {
  readonly backup: string;
  readonly target: string;
}): StepError {
  return new StepError(
    'postgres.target-before-backup',
    `${target} lies before the end of the base backup ${backup}`,
    'Restore an older base backup; a time before the first one cannot be reached.',
  );
}
