import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, operation, sh, type ActContext, type Host } from '../../runbook/index.ts';
import { markOf } from '../zfs/dataset-state.ts';
import { zfsList } from '../zfs/zfs.ts';
import { postgresQuery, serverOptions, serverUser, type PostgresAccess } from './access.ts';
import { asUser } from './as-user.ts';
import { mustBeShutDown } from './postgres-shutdown.ts';
import { rowsBy, scratchOf } from './postgres-rows.ts';
import { endPrivateServer, removePrivate, withPrivateServer, type PrivateServer } from './private-server.ts';
import { serverProgram } from './programs.ts';
import { destroyClone, makeClone, type ProofClone } from './proof-clones.ts';
import { systemUser } from './access.ts';
import { countRows, digestOf, readTableRows, rowsDifference, tableRowsFromText } from './table-rows.ts';

const snapshot = z.object({ name: z.string().regex(/^[^@]+@[^@]+$/), guid: z.string() });

const input = z.strictObject({
  /** Snapshot of the dataset that holds the data folder, as its root. */
  data: snapshot,
  /** Snapshot of the same moment of the dataset that holds the WAL. */
  wal: snapshot,
  user: systemUser.optional(),
  programs: absolutePath.optional(),
  systemIdentifier: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  configFile: absolutePath.optional(),
  by: rowsBy.optional(),
  /** What `postgresRows` has recorded: every table must be the same. */
  like: absolutePath.optional(),
  /** Check every table and index by amcheck, where the server has it; true when left out. */
  amcheck: z.boolean().optional(),
});
type Input = z.output<typeof input>;

interface Captured {
  readonly mark: string;
  readonly scratch: string;
  readonly data: ProofClone;
  readonly wal: ProofClone;
}
type Context = ActContext<unknown, unknown, Input, Captured>;

const output = z.object({
  tables: z.number(),
  rows: z.number(),
  digest: z.string(),
  /** Page checksums: sound, or not in use in this cluster. */
  checksums: z.enum(['sound', 'not in use']),
  amcheck: z.enum(['sound', 'not available', 'left out']),
  /** Whether the rows were held against others. */
  compared: z.boolean(),
});

/**
 * Proves that two snapshots of one moment, of the data and of the WAL, are a cluster that starts: clones them,
 * starts a server on the clones that nobody else can reach, reads every row, compares with what was recorded
 * before, checks pages, tables and indexes, and destroys the clones. Nothing of what was snapshotted changes.
 *
 * Input: `data`, `wal`, each `name` and `guid`; `user`, `programs`, `systemIdentifier`, `configFile`; `by`;
 * `like`; `amcheck`. Output: `tables`, `rows`, `digest`, `checksums`, `amcheck`, `compared`.
 * @throws StepError `postgres.rows-differ`, `postgres.damaged-pages`, `postgres.damaged-tables`,
 *   `postgres.other-snapshot`, `postgres.private-start`, `zfs.*`, and those of `postgresShutdown`
 */
export const postgresSnapshotProof = operation({
  operation: 'postgres-snapshot-proof',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => {
    const scratch = scratchOf(run);
    return {
      mark: markOf(host, run),
      scratch,
      data: { ...cloneOf(input.data.name, run.id), guid: input.data.guid, mountPoint: `${scratch}-data` },
      wal: { ...cloneOf(input.wal.name, run.id), guid: input.wal.guid, mountPoint: `${scratch}-wal` },
    };
  },
  output,
  probe: async ({ host, captured }) => {
    const left = await Promise.all([captured.data, captured.wal].map(({ clone }) => zfsList(host, clone)));
    return left.some(({ length }) => length > 0) ? 'partial' : 'not-started';
  },
  idempotent: true,
  describe: ({ input, captured }) => [
    sh`zfs clone ${input.data.name} ${captured.data.clone}`,
    sh`zfs clone ${input.wal.name} ${captured.wal.clone}`,
    `start a server on them that nobody else can reach, read every row, check every page and index${input.like === undefined ? '' : ', and compare with what was read before'}`,
    'destroy the clones',
  ],
  run: async (context) => {
    const { captured, exec, host, input } = context;
    await clear(context);
    try {
      await makeClone(context, captured.data, captured.mark);
      await makeClone(context, captured.wal, captured.mark);
      const folder = captured.data.mountPoint;
      // The link of the snapshot leads to the live WAL.
      await exec(sh`ln -sfnT ${captured.wal.mountPoint} ${folder}/pg_wal`);
      const user = serverUser(input);
      const cluster = { folder, user, programs: input.programs, systemIdentifier: input.systemIdentifier };
      const { checksums } = await mustBeShutDown(host, cluster);
      if (checksums) await pagesMustBeSound(context, folder, user);
      return await withPrivateServer(context, serverOf(input, captured), async (access) => ({
        ...(await readAndCompare(host, input, access)),
        amcheck: await tablesMustBeSound(context, access, folder),
        checksums: checksums ? ('sound' as const) : ('not in use' as const),
      }));
    } finally {
      await clear(context);
    }
  },
  undo: {
    describe: 'destroy the clones, if some are left',
    run: clear,
    breakGlass: ({ captured: { data, wal, mark } }) =>
      `Clones of the run may be left: ${data.clone} and ${wal.clone}. They harm nothing; where migrate:run of one is ${mark}, zfs destroy it.`,
  },
});

function cloneOf(name: string, run: string): { readonly snapshot: string; readonly clone: string } {
  return { snapshot: name, clone: `${name.slice(0, name.indexOf('@'))}-proof-${run}` };
}

function serverOf(input: Input, { data, scratch }: Captured): PrivateServer {
  return {
    folder: data.mountPoint,
    user: serverUser(input),
    programs: input.programs,
    configFile: input.configFile,
    scratch,
    throwAway: true,
  };
}

async function clear(
  context: Pick<Context, 'exec' | 'host' | 'signal' | 'input' | 'captured'>,
): Promise<void> {
  const { captured, exec, host, input } = context;
  await endPrivateServer(context, serverOf(input, captured));
  for (const clone of [captured.data, captured.wal]) {
    await destroyClone(context, clone, captured.mark);
    if ((await host.files.list(clone.mountPoint))?.length === 0) await host.files.remove(clone.mountPoint);
  }
  await exec(removePrivate(captured));
}

async function readAndCompare(host: Host, { by, like }: Input, access: PostgresAccess) {
  const found = await readTableRows(host, access, by ?? 'checksum');
  if (like !== undefined) {
    const before = await host.files.read(like);
    if (before === undefined)
      throw new StepError('postgres.rows-differ', `${like} is gone, so there is nothing to compare with`);
    const differences = rowsDifference(tableRowsFromText(before), found);
    if (differences.length > 0) {
      throw new StepError(
        'postgres.rows-differ',
        `the copy is another database than what was copied: ${differences.slice(0, 5).join('; ')}${differences.length > 5 ? `; and ${differences.length - 5} more` : ''}`,
        'Do not switch over. Go back: migrate rollback. The source is untouched.',
      );
    }
  }
  return {
    tables: Object.keys(found).length,
    rows: countRows(found),
    digest: digestOf(found),
    compared: like !== undefined,
  };
}

/** @throws StepError `postgres.damaged-pages` */
async function pagesMustBeSound({ exec, host, input }: Context, folder: string, user: string): Promise<void> {
  const program = await serverProgram(host, 'pg_checksums', { folder, programs: input.programs });
  const { exitCode, stdout, stderr } = await exec(asUser(user, [program, '--check', '-D', folder]), {
    anyExit: true,
  });
  if (exitCode !== 0) throw damaged('postgres.damaged-pages', 'pg_checksums', `${stderr}${stdout}`);
}

/** @throws StepError `postgres.damaged-tables` */
async function tablesMustBeSound(
  { exec, host, input, log }: Context,
  access: PostgresAccess,
  folder: string,
): Promise<'sound' | 'not available' | 'left out'> {
  if (input.amcheck === false) return 'left out';
  const program = await serverProgram(host, 'pg_amcheck', { folder, programs: input.programs });
  const extension = await postgresQuery(
    host,
    access,
    `SELECT 1 AS one FROM pg_available_extensions WHERE name = 'amcheck'`,
  );
  const version = Number.parseInt((await host.files.read(`${folder}/PG_VERSION`)) ?? '', 10);
  // The program came with version 14.
  if (extension.length === 0 || version < 14) {
    log('this server has no amcheck, so tables and indexes were read and not checked');
    return 'not available';
  }
  const check = [program, '--all', '--install-missing', '--no-password', ...serverOptions(access)];
  const { exitCode, stdout, stderr } = await exec(asUser(access.user ?? 'postgres', check), {
    anyExit: true,
  });
  if (exitCode !== 0) throw damaged('postgres.damaged-tables', 'pg_amcheck', `${stdout}${stderr}`);
  return 'sound';
}

function damaged(code: string, program: string, said: string): StepError {
  return new StepError(
    code,
    `${program} finds damage: ${said.trim().split('\n').slice(0, 4).join('; ')}`,
    'The copy is the same as its source, byte by byte, so the source has it too. Restore what is damaged, or dump and load the cluster, before it moves.',
  );
}
