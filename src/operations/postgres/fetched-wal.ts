import { StepError } from '../../errors.ts';
import { sh, type ActContext } from '../../runbook/index.ts';
import { serverUser } from './access.ts';
import { asUser } from './as-user.ts';
import { barman, barmanFailure, barmanMustSucceed, type BarmanArchive } from './barman.ts';

export interface FetchedWal {
  /** Of the cluster that wrote it. */
  readonly systemIdentifier: string;
  readonly sha256: string;
}

/**
 * Fetches one WAL file from an archive for a moment, and reads whose it is; `undefined` when it is not there.
 * @throws StepError as `barmanMustSucceed`
 */
export async function fetchWal(
  { exec, run }: Pick<ActContext, 'exec' | 'run'>,
  archive: BarmanArchive,
  name: string,
): Promise<FetchedWal | undefined> {
  const user = serverUser(archive);
  // The run's folder is root's alone, and barman runs as the server's user.
  const { stdout: made } = await exec(asUser(user, ['mktemp', '-d', `/tmp/migrate-wal-${run.id}-XXXXXX`]));
  const folder = made.trim();
  const file = `${folder}/${name}`;
  try {
    const fetch = barman(archive, 'wal-restore', [], [name, file]);
    const result = await exec(fetch, { anyExit: true });
    // Exit code 1 without a word: it is not in the archive.
    if (result.exitCode === 1 && barmanFailure(result) === 'failed') return undefined;
    barmanMustSucceed(fetch, result);
    // XLogLongPageHeaderData: 24 bytes of the short header, then the system identifier.
    const header = await exec(asUser(user, ['od', '-An', '-tu8', '-j24', '-N8', file]));
    const hash = await exec(asUser(user, ['sha256sum', file]));
    const systemIdentifier = header.stdout.trim();
    if (systemIdentifier === '')
      throw new StepError(
        'barman.empty-wal',
        `${name} in the archive is empty`,
        'Take a new base backup; what came before it cannot be restored past this file.',
      );
    return { systemIdentifier, sha256: hash.stdout.slice(0, 64) };
  } finally {
    await exec(sh`rm -rf --one-file-system -- ${folder}`);
  }
}
