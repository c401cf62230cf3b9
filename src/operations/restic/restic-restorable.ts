import { StepError, MigrateError } from '../../errors.ts';
import type { Finding } from '../../runbook/index.ts';
import { newestOf, type BackupsOf } from '../health/backups.ts';
import { givenNow, type Asking, type Given } from '../health/measure.ts';
import { restoreSample } from './restic-proof.ts';
import { askRestic, type Snapshot } from './restic.ts';

export interface Restorable extends BackupsOf {
  /** How many files are restored; 10 when left out. */
  readonly sample?: number;
}

/** Problems of the backup itself; any other keeps it from being asked. */
const bad: readonly string[] = ['restic.not-restored', 'restic.differs', 'restic.nothing-to-prove'];

/**
 * A check that restores a sample of the newest backup of a folder for a moment, and has restic compare it.
 * FAIL where there is none, or it cannot be restored; BLOCKED where the repository cannot be asked.
 */
export function resticRestorable<Params, Outputs>(
  given: Given<Restorable, Params, Outputs>,
): { readonly expect: string; readonly run: (context: Asking<Params, Outputs>) => Promise<Finding> } {
  return {
    expect: 'a sample of the newest backup can be restored',
    run: async (context) => {
      const of = givenNow(given, context);
      const { host, path, tag, sample = 10, repository, password, env } = of;
      try {
        const filters = ['--host', host, '--path', path, ...(tag === undefined ? [] : ['--tag', tag])];
        const args = ['snapshots', '--json', '--no-lock', ...filters];
        const { stdout } = await askRestic(context.host, of, args);
        const newest = newestOf(JSON.parse(stdout) as readonly Snapshot[], of);
        if (newest === undefined)
          return { verdict: 'FAIL', observed: `there is no backup of ${path} by ${host}` };
        const access = { repository, password, ...(env === undefined ? {} : { env }) };
        const { signal, run } = context;
        const restored = await restoreSample(
          {
            host: context.host,
            run,
            progress: () => {},
            exec: (command, { anyExit = false, onLine } = {}) =>
              context.host.exec(command, { anyExit, onLine, signal }),
          },
          { ...access, snapshot: newest.id, sample, seed: newest.id },
        );
        const { files, bytes, compared } = restored;
        return {
          verdict: 'PASS',
          observed: `${files} files (${bytes} bytes) of the snapshot ${newest.id.slice(0, 8)} of ${newest.time} were restored; ${compared} of them are the same as today's`,
          evidence: { snapshot: newest.id, time: newest.time, files, bytes, compared },
        };
      } catch (thrown) {
        context.signal.throwIfAborted();
        if (!(thrown instanceof MigrateError)) throw thrown;
        const verdict = thrown instanceof StepError && bad.includes(thrown.code) ? 'FAIL' : 'BLOCKED';
        return {
          verdict,
          observed: `${thrown.message}${thrown.hint === undefined ? '' : `\n${thrown.hint}`}`,
        };
      }
    },
  };
}
