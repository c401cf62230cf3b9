import { posix } from 'node:path';
import { MigrateError, StepError } from '../../errors.ts';
import { sh, type Finding, type Host } from '../../runbook/index.ts';
import { givenNow, type Asking, type Given } from '../health/measure.ts';
import { lookAtDatabases } from '../services/look-at-databases.ts';
import { sqliteVerdict } from '../services/sqlite-verdict.ts';
import { askRestic, type ResticAccess } from './restic.ts';

export interface BackedUpDatabases extends ResticAccess {
  readonly snapshot: string;
  /** SQLite databases by the absolute paths that they have in the snapshot; what SQLite keeps beside them comes along. */
  readonly databases: readonly string[];
  /** Where they are restored to for a moment, with room for them; the run's folder when left out. */
  readonly scratch?: string;
}

/** What SQLite keeps beside a database, without which a copy of one at work lacks what came last. */
const beside = ['', '-wal', '-shm', '-journal'];

/**
 * A check that restores SQLite databases of a snapshot for a moment and reads them wholly: a backup of which each
 * file is as it was may still be of no use, when the files were read at different moments. FAIL where one is damaged
 * or was not restored, BLOCKED where the repository cannot be asked.
 */
export function resticDatabases<Params, Outputs>(
  given: Given<BackedUpDatabases, Params, Outputs>,
): { readonly expect: string; readonly run: (context: Asking<Params, Outputs>) => Promise<Finding> } {
  return {
    expect: 'every SQLite database of the backup is sound once it is restored',
    run: async (context) => {
      const { host, signal, run } = context;
      const { snapshot, databases, scratch = run.folder, ...access } = givenNow(given, context);
      const folder = `${scratch}/restic-databases-${snapshot.slice(0, 8)}`;
      try {
        await clear(host, folder);
        await host.files.makeFolder(folder, { mode: 0o700 });
        await askRestic(host, access, restoreArgs(snapshot, folder, databases));
        const looked = await lookAtDatabases(
          { host, run, signal },
          {
            databases: databases.map((path) => posix.join(folder, path)),
            service: 'stopped',
            scratch,
            atLeast: databases.length,
          },
        );
        const restored = looked.map((each) => ({ ...each, path: each.path.slice(folder.length) }));
        const { verdict, observed } = sqliteVerdict(restored, { atLeast: databases.length });
        return {
          verdict,
          observed: `of the snapshot ${snapshot.slice(0, 8)}: ${observed}`,
          evidence: {
            snapshot,
            databases: restored.map((each) => ({ ...each, problems: [...each.problems] })),
          },
        };
      } catch (thrown) {
        signal.throwIfAborted();
        if (!(thrown instanceof MigrateError)) throw thrown;
        const verdict = thrown instanceof StepError && thrown.code === 'restic.failed' ? 'FAIL' : 'BLOCKED';
        return {
          verdict,
          observed: `${thrown.message}${thrown.hint === undefined ? '' : `\n${thrown.hint}`}`,
        };
      } finally {
        await clear(host, folder);
      }
    },
  };
}

function restoreArgs(snapshot: string, target: string, databases: readonly string[]): string[] {
  const includes = databases
    .flatMap((path) => beside.map((ending) => `${path}${ending}`))
    .flatMap((path) => ['--include', path.replaceAll(/[\\*?[\]]/g, String.raw`\$&`)]);
  return ['restore', '--verify', '--no-lock', '--target', target, ...includes, snapshot];
}

async function clear(host: Host, folder: string): Promise<void> {
  if ((await host.files.stat(folder)) === undefined) return;
  await host.exec(sh`chmod -R u+rwX -- ${folder}`, { anyExit: true });
  await host.exec(sh`rm -rf --one-file-system -- ${folder}`);
}
