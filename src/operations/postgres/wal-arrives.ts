import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { duration, durationMs, operation, type ActContext } from '../../runbook/index.ts';
import { postgresAccess, postgresExecute, postgresQuery } from './access.ts';
import { archiver, archiverCount } from './archiver.ts';
import { askBarman, barman, barmanArchive } from './barman.ts';
import { fetchWal } from './fetched-wal.ts';

const input = z.strictObject({
  server: postgresAccess,
  archive: barmanArchive,
  systemIdentifier: z.string().regex(/^\d{1,20}$/),
  /** How long it may take; `5m` when left out. */
  within: duration.optional(),
});
type Context = ActContext<unknown, unknown, z.output<typeof input>>;

/**
 * Proves that WAL arrives in the archive: has the server begin a new WAL file, waits until it says that the
 * one before is archived, fetches that one, and reads that it is this cluster's. Nothing is left but the
 * archived file.
 *
 * Output: `wal`, the file; `milliseconds` that it took; `archiver`, what the server had counted at the end.
 * @throws StepError `postgres.not-archived`, `barman.other-wal`, and those of `postgresQuery` and `barmanMustSucceed`
 */
export const walArrives = operation({
  operation: 'wal-arrives',
  version: 1,
  reversal: 'undo',
  input,
  output: z.object({ wal: z.string(), milliseconds: z.number(), archiver: archiverCount }),
  idempotent: true,
  describe: ({ input }) => `have the server switch its WAL file, and find it in ${input.archive.destination}`,
  run: async (context) => {
    const { host, input, progress } = context;
    const begun = host.clock.now().monotonic;
    progress({ doing: 'waiting for the archive' });
    const wal = await switchWal(context);
    await awaitArchived(context, wal, begun + durationMs(input.within ?? '5m'));
    const milliseconds = Math.round(host.clock.now().monotonic - begun);
    const found = await fetchWal(context, input.archive, wal);
    if (found?.systemIdentifier !== input.systemIdentifier) {
      throw new StepError(
        'barman.other-wal',
        found === undefined
          ? `the server says that ${wal} is archived, and it is not in ${input.archive.destination}`
          : `${wal} in the archive is from the cluster ${found.systemIdentifier}`,
        'Compare archive_command with the destination and the server name: SHOW archive_command',
      );
    }
    const { failed, resetAt } = await archiver(host, input.server);
    return { wal, milliseconds, archiver: { failed, resetAt } };
  },
  undo: () => [],
});

/** The file that was just ended. A restore point comes first, since a file without news is not switched. */
export async function switchWal({ host, input, exec, run }: Context): Promise<string> {
  await postgresExecute(exec, input.server, `SELECT pg_create_restore_point(:'name');`, {
    name: `migrate ${run.id}`.slice(0, 63),
  });
  // The end of the old file is its last byte, and not the first of the next.
  const [row] = await postgresQuery(host, input.server, 'SELECT pg_walfile_name(pg_switch_wal()) AS wal');
  return String(row?.['wal']);
}

/** @throws StepError `postgres.not-archived` with why, as far as the archive itself tells */
export async function awaitArchived(
  { host, input, exec }: Context,
  wal: string,
  until: number,
): Promise<void> {
  for (;;) {
    const now = await archiver(host, input.server);
    // Names of files of one timeline sort as they were written.
    if (now.lastArchived !== null && now.lastArchived.slice(0, 24) >= wal) return;
    if (host.clock.now().monotonic > until) {
      // What keeps it is in the server's log only; asking the archive tells most of it.
      await askBarman(exec, barman(input.archive, 'backup-list'));
      throw new StepError(
        'postgres.not-archived',
        `${wal} was not archived in time; the latest that was: ${now.lastArchived ?? 'none'}, attempts that failed: ${now.failed}, files that wait: ${now.waiting}`,
        'The archive answers, so see what archive_command says in the log of the server. Until it succeeds, WAL fills the disk: mend it or roll back.',
      );
    }
    await host.clock.sleep(500);
  }
}
