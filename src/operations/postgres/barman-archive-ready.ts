import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, type ActContext, type Host } from '../../runbook/index.ts';
import { serverUser } from './access.ts';
import { asUser } from './as-user.ts';
import { barman, barmanArchive, barmanFailure, barmanMustSucceed, type BarmanArchive } from './barman.ts';
import { barmanBackups } from './barman-backups.ts';
import { fetchWal } from './fetched-wal.ts';

const input = z.strictObject({
  archive: barmanArchive,
  /** Of the cluster that shall be archived there. */
  systemIdentifier: z.string().regex(/^\d{1,20}$/),
  /** A WAL file that this cluster has archived before, if any: it tells whose an archive without a backup is. */
  lastArchived: z.string().optional(),
  /** Go on with an archive that holds WAL of this very cluster; false when left out. */
  continue: z.boolean().optional(),
});
type Input = z.output<typeof input>;

/**
 * Proves that an archive can be reached with the credentials, as the server's user, and that a cluster may
 * archive into it: it is empty, or holds this very cluster's WAL and shall be continued. Only reads.
 *
 * Output: `empty`; `backups`, how many whole ones of this cluster it holds.
 * @throws StepError `barman.other-cluster`, `barman.not-empty`, `barman.unknown-owner`, `barman.credentials-file`,
 *   and those of `barmanMustSucceed`
 */
export const barmanArchiveReady = operation({
  operation: 'barman-archive-ready',
  version: 1,
  reversal: 'readonly',
  input,
  output: z.object({ empty: z.boolean(), backups: z.number() }),
  idempotent: true,
  describe: ({ input }) => [
    barman(input.archive, 'backup-list', ['--format', 'json']),
    barman(input.archive, 'check-wal-archive'),
  ],
  run: async (context) => {
    const { host, input } = context;
    const { archive } = input;
    await mustBeSecret(host, archive);
    // First, since it names a bucket that is not there; the check takes one for an empty archive.
    const backups = await barmanBackups(host, archive);
    const empty = backups.length === 0 && (await holdsNoWal(host, archive));
    if (empty) return { empty, backups: 0 };
    const owners = new Set(backups.map(({ systemIdentifier }) => systemIdentifier ?? 'unknown'));
    if (owners.size === 0) owners.add(await ownerByWal(context));
    mustBeOurs(input, [...owners]);
    if (input.continue !== true) {
      throw new StepError(
        'barman.not-empty',
        `${place(archive)} holds WAL of this very cluster (${input.systemIdentifier}) already`,
        'Say that the archive is continued, or give another server name. Continue only when no clone of this cluster archives there too: barman-cloud overwrites WAL files of the same name.',
      );
    }
    return { empty, backups: backups.filter(({ done }) => done).length };
  },
});

function place({ destination, name }: BarmanArchive): string {
  return `${destination}, server ${name},`;
}

function mustBeOurs({ archive, systemIdentifier }: Input, owners: readonly string[]): void {
  const others = owners.filter((owner) => owner !== systemIdentifier);
  if (others.length === 0) return;
  throw new StepError(
    'barman.other-cluster',
    `${place(archive)} holds the archive of another cluster (${others.join(', ')}), and this one is ${systemIdentifier}`,
    'Give another server name. Two clusters in one archive overwrite the WAL of each other, and neither can be restored.',
  );
}

async function holdsNoWal(host: Host, archive: BarmanArchive): Promise<boolean> {
  const command = barman(archive, 'check-wal-archive');
  const result = await host.exec(command, { anyExit: true });
  if (
    result.exitCode === 1 &&
    barmanFailure(result) === 'failed' &&
    /Expected empty archive/.test(result.stderr)
  )
    return false;
  barmanMustSucceed(command, result);
  return true;
}

/** barman-cloud lists backups only, so of WAL alone one file must be known by name. */
async function ownerByWal(context: ActContext<unknown, unknown, Input>): Promise<string> {
  const { archive, lastArchived } = context.input;
  const found = lastArchived === undefined ? undefined : await fetchWal(context, archive, lastArchived);
  if (found !== undefined) return found.systemIdentifier;
  throw new StepError(
    'barman.unknown-owner',
    `${place(archive)} holds WAL and no base backup, and nothing tells from which cluster it is`,
    'Give another server name. Or look into the bucket, and remove what a former attempt has left there.',
  );
}

async function mustBeSecret(host: Host, archive: BarmanArchive): Promise<void> {
  const path = archive.credentials;
  const real = (await host.files.realPath(path)) ?? path;
  const found = await host.files.stat(real);
  const readable = asUser(serverUser(archive), ['test', '-r', path]);
  const problem =
    found?.kind !== 'file'
      ? 'is not there'
      : (found.mode & 0o007) !== 0
        ? `is open to every user (0${found.mode.toString(8)})`
        : (await host.exec(readable, { anyExit: true })).exitCode !== 0
          ? `cannot be read by ${serverUser(archive)}`
          : undefined;
  if (problem === undefined) return;
  throw new StepError(
    'barman.credentials-file',
    `the file of credentials ${path} ${problem}`,
    `It must belong to ${serverUser(archive)}, with the mode 0400 or 0600, in folders that this user may enter.`,
  );
}
