import { z } from 'zod';
import { absolutePath, operation, type ActContext } from '../../runbook/index.ts';
import { serverUser } from './access.ts';
import { mustBeShutDown, stoppedCluster } from './postgres-shutdown.ts';
import { endPrivateServer, withPrivateServer, type PrivateServer } from './private-server.ts';
import { countRows, digestOf, readTableRows } from './table-rows.ts';

export const rowsBy = z.enum(['checksum', 'count']);
const systemIdentifier = z.string().regex(/^\d{1,20}$/);

const input = z.strictObject({
  ...stoppedCluster,
  /** The cluster that it must be. */
  systemIdentifier: systemIdentifier.optional(),
  /** Its configuration file, where that does not lie in the data folder. */
  configFile: absolutePath.optional(),
  /** `count`: only how many rows each table has, which takes less time; `checksum` when left out. */
  by: rowsBy.optional(),
  /** A file that takes what was found, by table, for a later comparison. */
  record: absolutePath,
});
type Input = z.output<typeof input>;

interface Captured {
  readonly scratch: string;
}
type Context = Pick<ActContext<unknown, unknown, Input, Captured>, 'exec' | 'host' | 'input' | 'captured'>;

export const rowsFound = z.object({
  version: z.string(),
  systemIdentifier: z.string(),
  tables: z.number(),
  rows: z.number(),
  digest: z.string(),
  record: z.string(),
});

/**
 * Reads every row of every database of a stopped cluster, by a server that nobody else can reach, and shuts
 * that down again. It changes no row; like each start, it writes to the control file and to the WAL.
 *
 * Input: `folder`, `user`, `programs`, `systemIdentifier`, `configFile`; `by`; `record`.
 * Output: `version`, `systemIdentifier`, `tables`, `rows`, `digest`, `record`.
 * @throws StepError `postgres.private-start`, `postgres.query`, and those of `postgresShutdown`
 */
export const postgresRows = operation({
  operation: 'postgres-rows',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ run }): Promise<Captured> => ({ scratch: scratchOf(run) }),
  output: rowsFound,
  idempotent: true,
  describe: ({ input }) => [
    `prove that the cluster in ${input.folder} is shut down`,
    `start a server on it that nobody else can reach, read ${input.by === 'count' ? 'how many rows each table has' : 'every row of every table'}, and shut it down`,
  ],
  run: async (context) => {
    const { host, input, log } = context;
    const server = await serverOf(context);
    // An earlier attempt may have left its own at work.
    await endPrivateServer(context, server);
    const { version, systemIdentifier } = await mustBeShutDown(host, stoppedOf(input));
    const found = await withPrivateServer(context, server, (access) =>
      readTableRows(host, access, input.by ?? 'checksum'),
    );
    await mustBeShutDown(host, stoppedOf(input));
    await host.files.replace(input.record, `${JSON.stringify(found)}\n`, { mode: 0o600 });
    const [tables, rows] = [Object.keys(found).length, countRows(found)];
    log(`${rows} rows in ${tables} tables`);
    return { version, systemIdentifier, tables, rows, digest: digestOf(found), record: input.record };
  },
  verify: async ({ host, input }) => void (await mustBeShutDown(host, stoppedOf(input))),
  undo: {
    describe: 'end the server of its own, if one is left',
    run: async (context) => endPrivateServer(context, await serverOf(context)),
    breakGlass: ({ input, captured }) =>
      `A server of the run may be left at work in ${input.folder}, with its socket in ${captured.scratch}. Shut it down before another is started: pg_ctl -D ${input.folder} -m fast stop`,
  },
});

async function serverOf({ host, input, captured }: Context): Promise<PrivateServer> {
  return {
    folder: (await host.files.realPath(input.folder)) ?? input.folder,
    user: serverUser(input),
    programs: input.programs,
    configFile: input.configFile,
    scratch: captured.scratch,
  };
}

function stoppedOf({ folder, user, programs, systemIdentifier }: Input) {
  return { folder, user, programs, systemIdentifier };
}

/** In a folder that every user may enter, gone at the next boot, with a short name. */
export function scratchOf({ id }: { readonly id: string }): string {
  return `/run/migrate-pg-${id}`;
}
