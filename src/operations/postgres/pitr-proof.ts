import { posix } from 'node:path';
import { z } from 'zod';
import { moment } from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import {
  absolutePath,
  duration,
  durationMs,
  operation,
  type ActContext,
  type Host,
} from '../../runbook/index.ts';
import { momentNow } from '../copy/moment.ts';
import {
  postgresAccess,
  postgresExecute,
  postgresQuery,
  psql,
  serverOptions,
  serverUser,
  type PostgresAccess,
} from './access.ts';
import { asUser } from './as-user.ts';
import { barmanArchive } from './barman.ts';
import {
  dropRows,
  readRows,
  schemaOf,
  serverTime,
  writeMore,
  writeRows,
  type RowsFound,
} from './pitr-rows.ts';
import { serverProgram } from './programs.ts';
import {
  clearScratch,
  dataOf,
  programOf,
  removeScratch,
  restoreToTime,
  scratchMustFit,
  stopCommand,
  type Scratch,
} from './scratch-cluster.ts';
import { liveFacts } from './scratch-settings.ts';
import { awaitArchived, switchWal } from './wal-arrives.ts';

const input = z.strictObject({
  server: postgresAccess,
  archive: barmanArchive,
  systemIdentifier: z.string().regex(/^\d{1,20}$/),
  /** Id of a base backup in the archive. */
  backup: z.string().min(1),
  /** A folder with room for a second cluster; what is restored lies in one of its own within, and goes again. */
  scratch: absolutePath,
  /** Port of the restored cluster, which names its socket; another than the live one's. */
  port: z.number().int().min(1).max(65_535),
  /** How many rows are written before the moment, and as many after it; 1000 when left out. */
  rows: z.number().int().min(1).max(1_000_000).optional(),
  /** How long archiving and recovery may take, each; `1h` when left out. */
  within: duration.optional(),
  /** Folder of the server's programs. */
  programs: absolutePath.optional(),
});
type Input = z.output<typeof input>;

interface Captured {
  readonly scratch: Scratch;
  readonly schema: string;
}
type Context = ActContext<unknown, unknown, Input, Captured>;

const output = z.object({
  backup: z.string(),
  target: z.string(),
  rows: z.number(),
  /** Page checksums of the restored cluster: sound, or not in use in this cluster. */
  checksums: z.enum(['sound', 'not in use']),
  proven: z.literal(true),
  provenAt: moment,
});

/**
 * Proves that the cluster can be restored to a moment: writes rows, notes the time, writes, changes and
 * deletes more, has the WAL archived, restores the base backup into a scratch cluster, lets it recover to
 * that time, and demands exactly the rows of then. Reads every row of every table there, and every page
 * where the cluster has checksums. The scratch cluster listens on no network, never archives, and is
 * removed, as are the rows.
 *
 * Output: `backup`, `target`, `rows`, `checksums`, `proven`, `provenAt`.
 * @throws StepError `postgres.rows-differ`, `postgres.same-port`, `postgres.damaged-pages`, and those of
 *   `restoreToTime`, `scratchMustFit` and `walArrives`
 */
export const postgresPitrProof = operation({
  operation: 'postgres-pitr-proof',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => {
    if (input.port === (input.server.port ?? 5432)) {
      throw new StepError(
        'postgres.same-port',
        `the live server has the port ${input.port} itself`,
        'Give another one.',
      );
    }
    const folder = posix.join(input.scratch, `pitr-${run.id}`);
    return {
      scratch: {
        folder,
        user: serverUser(input.server),
        port: input.port,
        programs: await programsOf(host, input),
      },
      schema: schemaOf(run.id),
    };
  },
  output,
  idempotent: true,
  describe: ({ input, captured }) => [
    `write rows, note the time, write more, restore ${input.backup} from ${input.archive.destination} to that time`,
    `compare every row in a scratch cluster beneath ${input.scratch}, and remove it`,
    removeScratch(captured.scratch),
  ],
  run: async (context) => {
    const { captured, exec, host, input } = context;
    const { scratch, schema } = captured;
    await clearScratch(context, scratch);
    const live = await liveFacts(host, input.server);
    // A tenth for WAL and for what a file system itself needs, and 256 MiB for a small one.
    await scratchMustFit(host, scratch, input.scratch, Math.ceil(live.bytes * 1.1) + 256 * 1024 * 1024);
    const withinMs = durationMs(input.within ?? '1h');
    try {
      const { target, expected } = await writeHistory(context, withinMs);
      const restored = await restoreToTime(context, scratch, input.archive, {
        backup: input.backup,
        target,
        live,
        withinMs,
      });
      const found = await readRows(host, restored, schema);
      mustBeSame(expected, found, target);
      await readEverything(context, restored);
      const checksums = await checkPages(context, scratch);
      return {
        backup: input.backup,
        target,
        rows: found.count,
        checksums,
        proven: true as const,
        provenAt: await momentNow(host),
      };
    } finally {
      await clearScratch(context, scratch);
      await postgresExecute(exec, input.server, dropRows(schema));
    }
  },
  undo: ({ input, captured: { scratch, schema } }) => [
    // Exit code 1: no server works there.
    { ...stopCommand(scratch, 'immediate'), ok: [0, 1] },
    removeScratch(scratch),
    psql(input.server, dropRows(schema)),
  ],
});

/** Where the live server's programs lie, since those of the same version serve; nothing where the path has them. */
async function programsOf(host: Host, { programs, server }: Input): Promise<string | undefined> {
  if (programs !== undefined) return programs;
  const [row] = await postgresQuery(host, server, `SELECT current_setting('data_directory') AS folder`);
  const found = await serverProgram(host, 'pg_ctl', { folder: String(row?.['folder']) });
  return found.startsWith('/') ? posix.dirname(found) : undefined;
}

async function writeHistory(
  context: Context,
  withinMs: number,
): Promise<{ target: string; expected: RowsFound }> {
  const { captured, exec, host, input } = context;
  const count = input.rows ?? 1_000;
  context.progress({ doing: 'writing rows' });
  await writeRows(exec, input.server, captured.schema, count);
  const expected = await readRows(host, input.server, captured.schema);
  const target = await serverTime(host, input.server);
  await writeMore(exec, input.server, captured.schema, count);
  const until = host.clock.now().monotonic + withinMs;
  context.progress({ doing: 'waiting for the archive' });
  await awaitArchived(context, await switchWal(context), until);
  return { target, expected };
}

function mustBeSame(expected: RowsFound, found: RowsFound, target: string): void {
  if (found.count === expected.count && found.digest === expected.digest) return;
  throw new StepError(
    'postgres.rows-differ',
    `at ${target} there were ${expected.count} rows, and the restored cluster has ${found.count}${found.count === expected.count ? ' with other content' : ''}`,
    'This archive does not restore what was. Go on with the former backups, and see the log of the step.',
  );
}

/** A dump to nowhere reads every row of every table. */
async function readEverything({ exec, captured, progress }: Context, server: PostgresAccess): Promise<void> {
  progress({ doing: 'reading every table' });
  const program = programOf(captured.scratch, 'pg_dumpall');
  const options = ['--no-password', '--no-sync', '--file=/dev/null'];
  await exec(asUser(serverUser(server), [program, ...options, ...serverOptions(server)]));
}

async function checkPages({ exec, progress }: Context, scratch: Scratch): Promise<'sound' | 'not in use'> {
  await exec(stopCommand(scratch, 'fast'));
  progress({ doing: 'checking pages' });
  const program = programOf(scratch, 'pg_checksums');
  const result = await exec(asUser(scratch.user, [program, '--check', '-D', dataOf(scratch)]), {
    anyExit: true,
  });
  if (result.exitCode === 0) return 'sound';
  if (result.stderr.includes('checksums are not enabled')) return 'not in use';
  throw new StepError(
    'postgres.damaged-pages',
    `pg_checksums finds damage in the restored cluster: ${result.stderr.trim().split('\n').slice(-2).join('; ')}`,
    'Look whether the live cluster is damaged as well: pg_amcheck, and the log of the server.',
  );
}
