import { StepError } from '../../errors.ts';
import { quoteWord, sh, type ActContext, type Command, type Host } from '../../runbook/index.ts';
import { postgresQuery, type PostgresAccess } from './access.ts';
import { asUser } from './as-user.ts';
import { askBarman, barman, type BarmanArchive } from './barman.ts';
import { barmanBackups } from './barman-backups.ts';
import { livingPostmaster } from './postmaster.ts';
import { beforeBackup, recoveryFailure } from './recovery-log.ts';
import { scratchFiles, type LiveFacts } from './scratch-settings.ts';

/** A cluster that is restored beside the live one, looked at, and removed again. */
export interface Scratch {
  /** A folder of its own, made and removed here; its path is short, since the socket lies in it. */
  readonly folder: string;
  readonly user: string;
  readonly port: number;
  readonly programs?: string | undefined;
}

export const dataOf = ({ folder }: Scratch): string => `${folder}/data`;

/** Bytes of a socket's path that the kernel takes, with the NUL at its end. */
const longestSocket = 107;

/** @throws StepError `postgres.scratch-path`, `postgres.scratch-room` */
export async function scratchMustFit(
  host: Host,
  { folder, port }: Scratch,
  parent: string,
  neededBytes: number,
): Promise<void> {
  const socket = `${folder}/.s.PGSQL.${port}`;
  if (Buffer.byteLength(socket) > longestSocket) {
    throw new StepError(
      'postgres.scratch-path',
      `the socket of the scratch cluster would be ${socket}, which is longer than the ${longestSocket} bytes of a socket's path`,
      'Give a scratch folder with a shorter path.',
    );
  }
  const { freeForUsers } = await host.files.space(parent);
  if (freeForUsers > neededBytes) return;
  throw new StepError(
    'postgres.scratch-room',
    `the restored cluster needs about ${neededBytes} bytes, and ${parent} has room for ${freeForUsers}`,
    'Make room there, or give another scratch folder.',
  );
}

/**
 * Restores a base backup into the scratch folder, and lets a server of its own recover to a moment. From
 * then on it is a cluster of its own, which never archives.
 *
 * @param given.target as `serverTime` gives it
 * @returns how to reach it
 * @throws StepError `postgres.scratch-full`, `postgres.target-before-backup`, `postgres.target-after-archive`,
 *   `postgres.recovery`, `postgres.recovery-late`, and those of `barmanMustSucceed`
 */
export async function restoreToTime(
  { exec, host, progress }: Pick<ActContext, 'exec' | 'host' | 'progress'>,
  scratch: Scratch,
  archive: BarmanArchive,
  given: {
    readonly backup: string;
    readonly target: string;
    readonly live: LiveFacts;
    readonly withinMs: number;
  },
): Promise<PostgresAccess> {
  const { folder, user, port } = scratch;
  await mustReach(host, archive, given);
  const data = dataOf(scratch);
  await exec(sh`install -d -o ${user} -m 0700 ${folder}`);
  progress({ doing: 'restoring the base backup' });
  // A tablespace would be restored to where it lies in the live cluster.
  const moved = given.live.tablespaces.flatMap((name) => [
    '--tablespace',
    `${name}:${folder}/tablespace-${name}`,
  ]);
  try {
    await askBarman(exec, barman(archive, 'restore', moved, [given.backup, data]));
  } catch (error) {
    if (error instanceof StepError && error.code === 'barman.no-space') throw full(folder, error.message);
    throw error;
  }
  for (const [path, text] of Object.entries(scratchFiles(scratch, archive, given.target, given.live)))
    await host.files.replace(path, text, { mode: 0o644 });
  progress({ doing: 'recovering' });
  const access = { user, socket: folder, port };
  const until = host.clock.now().monotonic + given.withinMs;
  // Its success says little: where nobody may connect during recovery, pg_ctl does not wait for the end.
  await exec(startCommand(scratch, given.withinMs), { anyExit: true });
  while (!(await isDone(host, access))) {
    if ((await livingPostmaster(host, data)) === undefined)
      throw recoveryFailure((await host.files.read(logOf(scratch))) ?? '', { ...given, folder });
    if (host.clock.now().monotonic > until) {
      throw new StepError(
        'postgres.recovery-late',
        `the recovery to ${given.target} was not done in ${Math.ceil(given.withinMs / 60_000)} minutes`,
        'Allow more time, or take a newer base backup.',
      );
    }
    await host.clock.sleep(500);
  }
  return access;
}

/**
 * A server that is asked for a time before the end of its base backup does not refuse: it recovers to that
 * end, and is of a later time than was asked for.
 */
async function mustReach(
  host: Host,
  archive: BarmanArchive,
  given: { readonly backup: string; readonly target: string },
): Promise<void> {
  const found = (await barmanBackups(host, archive)).find(({ id }) => id === given.backup);
  if (found?.done !== true) {
    throw new StepError(
      'barman.no-backup',
      `${archive.destination} holds no whole backup ${given.backup} of ${archive.name}`,
      'See which there are: barman-cloud-backup-list',
    );
  }
  const target = Date.parse(given.target.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
  if (!(target <= found.endedAt)) return;
  throw beforeBackup(given);
}

/** Ends its server, if one runs, and removes it. Safe at any time. */
export async function clearScratch(
  { exec, host }: Pick<ActContext, 'exec' | 'host'>,
  scratch: Scratch,
): Promise<void> {
  if ((await livingPostmaster(host, dataOf(scratch))) !== undefined)
    await exec(stopCommand(scratch, 'immediate'));
  await exec(removeScratch(scratch));
}

export function removeScratch({ folder }: Scratch): Command {
  return sh`rm -rf --one-file-system -- ${folder}`;
}

export function stopCommand(scratch: Scratch, mode: 'fast' | 'immediate'): Command {
  return asUser(scratch.user, [pgCtl(scratch), '-D', dataOf(scratch), '-w', '-m', mode, 'stop']);
}

function startCommand(scratch: Scratch, withinMs: number): Command {
  // pg_ctl hands these options to a shell.
  const options = `-c config_file=${quoteWord(`${scratch.folder}/postgresql.conf`)}`;
  const seconds = String(Math.ceil(withinMs / 1_000));
  return asUser(scratch.user, [
    pgCtl(scratch),
    ...['-D', dataOf(scratch), '-w', '-t', seconds, '-o', options, '-l', logOf(scratch), 'start'],
  ]);
}

function pgCtl(scratch: Scratch): string {
  return programOf(scratch, 'pg_ctl');
}

export function programOf({ programs }: Scratch, name: string): string {
  return programs === undefined ? name : `${programs}/${name}`;
}

function logOf({ folder }: Scratch): string {
  return `${folder}/log`;
}

async function isDone(host: Host, access: PostgresAccess): Promise<boolean> {
  try {
    const [row] = await postgresQuery(host, access, 'SELECT pg_is_in_recovery() AS recovering');
    return row?.['recovering'] === false;
  } catch {
    return false;
  }
}

function full(folder: string, why: string): StepError {
  return new StepError(
    'postgres.scratch-full',
    `no room is left for the restored cluster in ${folder}: ${why}`,
    'Make room there, or give another scratch folder. The live cluster was not touched.',
  );
}
