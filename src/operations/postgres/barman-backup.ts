import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, type Command, type Host } from '../../runbook/index.ts';
import { passwordEnv, postgresAccess, serverOptions } from './access.ts';
import {
  askBarman,
  barman,
  barmanArchive,
  readBarmanFlags,
  type BarmanArchive,
  type BarmanFlags,
} from './barman.ts';
import { barmanBackups, type BarmanBackup } from './barman-backups.ts';

const input = z.strictObject({
  server: postgresAccess,
  archive: barmanArchive,
  systemIdentifier: z.string().regex(/^\d{1,20}$/),
});
type Input = z.output<typeof input>;

interface Captured {
  readonly flags: BarmanFlags;
  /** A name that this step alone uses, where this version knows names. */
  readonly name: string;
  /** What was there before. */
  readonly before: readonly string[];
}

const output = z.object({ id: z.string(), beginWal: z.string().nullable(), endWal: z.string().nullable() });

/**
 * Makes a base backup of a running server with barman-cloud, compressed with gzip. Only a backup that the
 * archive lists as whole counts. The undo keeps it: a backup does no harm.
 *
 * Input: `server`, `archive`, `systemIdentifier`.
 * Output: `id` of the backup, the first and the last WAL file that it needs.
 * @throws StepError `barman.backup-missing`, and those of `barmanMustSucceed`
 */
export const barmanBackup = operation({
  operation: 'barman-backup',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => ({
    flags: await readBarmanFlags(host, input.archive),
    name: `migrate-${run.id}-${host.clock.now().wall.toString(36)}`,
    before: (await barmanBackups(host, input.archive)).map(({ id }) => id),
  }),
  output,
  probe: async ({ host, input, captured }) => {
    const found = await made(host, input, captured);
    return found === undefined ? 'not-started' : { done: outputOf(found) };
  },
  idempotent: true,
  describe: ({ input, captured }) => [backupCommand(input, captured)],
  run: async ({ host, input, captured, exec, progress }) => {
    progress({ doing: 'backing up' });
    await askBarman(exec, backupCommand(input, captured));
    const found = await made(host, input, captured);
    if (found !== undefined) return outputOf(found);
    throw new StepError(
      'barman.backup-missing',
      `barman-cloud-backup has ended well, and ${input.archive.destination} lists no new whole backup of ${input.archive.name}`,
      'See barman-cloud-backup-list, and whether the store keeps what is written to it.',
    );
  },
  undo: () => [],
});

function outputOf({ id, beginWal, endWal }: BarmanBackup): z.output<typeof output> {
  return { id, beginWal, endWal };
}

function backupCommand({ server, archive }: Input, { flags, name }: Captured): Command {
  const command = barman(
    archive,
    'backup',
    baseBackupOptions(flags, [...serverOptions(server), ...(flags.names ? [`--name=${name}`] : [])]),
  );
  const [program, ...args] = command.argv;
  const env = Object.entries(passwordEnv(server)).map(([key, value]) => `${key}=${value}`);
  // Behind the `env` that `asUser` calls.
  const at = args.indexOf('env') + 1;
  return { ...command, argv: [program, ...args.slice(0, at), ...env, ...args.slice(at)] };
}

/** Options of `barman-cloud-backup` that the installed version knows. */
export function baseBackupOptions(flags: BarmanFlags, more: readonly string[] = []): readonly string[] {
  return [...flags.gzip, ...(flags.immediateCheckpoint ? ['--immediate-checkpoint'] : []), ...more];
}

async function made(
  host: Host,
  { archive, systemIdentifier }: Input,
  captured: Captured,
): Promise<BarmanBackup | undefined> {
  const backups = await barmanBackups(host, archive satisfies BarmanArchive);
  return backups.findLast(
    (backup) =>
      backup.done &&
      backup.systemIdentifier === systemIdentifier &&
      !captured.before.includes(backup.id) &&
      (!captured.flags.names || backup.name === captured.name),
  );
}
