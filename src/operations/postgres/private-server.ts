import { StepError } from '../../errors.ts';
import { quoteWord, sh, type ActContext, type Command, type Host } from '../../runbook/index.ts';
import type { PostgresAccess } from './access.ts';
import { asUser } from './as-user.ts';
import { livingPostmaster } from './postmaster.ts';
import { serverProgram } from './programs.ts';

/** A server for one look at a cluster that is otherwise stopped: nobody but this run reaches it. */
export interface PrivateServer {
  /** The data folder, with its symlinks resolved. */
  readonly folder: string;
  readonly user: string;
  readonly programs?: string | undefined;
  /** Its configuration file, where that does not lie in the data folder. */
  readonly configFile?: string | undefined;
  /** A folder of its own, made and removed here, with a short path, since the socket lies in it. */
  readonly scratch: string;
  /** A copy that is thrown away: nothing of it is archived or synced, and it may be written to. */
  readonly throwAway?: true;
}

type Working = Pick<ActContext, 'exec' | 'host'>;

/** Names the socket; nobody listens on a network. */
const port = 5432;
/** Seconds that a start or a shutdown may take: a server may have to write out all that it holds in memory. */
const patience = 3_600;

/**
 * Runs a server of its own on a cluster, for as long as `work` lasts, and shuts it down cleanly.
 * @throws StepError `postgres.private-start`
 */
export async function withPrivateServer<Result>(
  context: Working,
  server: PrivateServer,
  work: (access: PostgresAccess) => Promise<Result>,
): Promise<Result> {
  const { exec, host } = context;
  const { scratch, user } = server;
  await endPrivateServer(context, server);
  await exec(sh`install -d -o ${user} -m 0700 ${scratch}`);
  await host.files.replace(`${scratch}/hba`, 'local all all trust\n', { mode: 0o644 });
  await host.files.replace(`${scratch}/ident`, '', { mode: 0o644 });
  const started = await exec(await startCommand(host, server), { anyExit: true });
  if (started.exitCode !== 0) {
    const said = ((await host.files.read(logOf(server))) ?? '').trim().split('\n').slice(-4).join('; ');
    await endPrivateServer(context, server);
    throw new StepError(
      'postgres.private-start',
      `no server starts on the cluster in ${server.folder}: ${said === '' ? started.stderr.trim() : said}`,
      'See what it says, and mend it before anything is moved.',
    );
  }
  try {
    return await work({ user, socket: scratch, port });
  } finally {
    await endPrivateServer(context, server);
  }
}

/** Ends what an attempt may have left, and removes its folder. Safe at any time. */
export async function endPrivateServer({ exec, host }: Working, server: PrivateServer): Promise<void> {
  if ((await livingPostmaster(host, server.folder)) !== undefined) {
    // Another server at work there is nobody's to end: this one alone has its socket in that folder.
    if ((await host.files.stat(`${server.scratch}/.s.PGSQL.${port}`)) === undefined) return;
    const how = ['-D', server.folder, '-w', '-t', String(patience), '-m', 'fast', 'stop'];
    await exec(asUser(server.user, [await serverProgram(host, 'pg_ctl', server), ...how]));
  }
  await exec(removePrivate(server));
}

export function removePrivate({ scratch }: Pick<PrivateServer, 'scratch'>): Command {
  return sh`rm -rf --one-file-system -- ${scratch}`;
}

async function startCommand(host: Host, server: PrivateServer): Promise<Command> {
  const version = Number.parseInt((await host.files.read(`${server.folder}/PG_VERSION`)) ?? '', 10);
  // pg_ctl hands these options to a shell.
  const options = Object.entries(privateSettings(server, version)).map(
    ([name, value]) => `-c ${quoteWord(`${name}=${value}`)}`,
  );
  return asUser(server.user, [
    await serverProgram(host, 'pg_ctl', server),
    ...['-D', server.folder, '-w', '-t', String(patience)],
    ...['-o', options.join(' '), '-l', logOf(server), 'start'],
  ]);
}

/** @param version the cluster's major one */
export function privateSettings(
  { scratch, configFile, throwAway }: PrivateServer,
  version: number,
): Readonly<Record<string, string>> {
  return {
    ...(configFile === undefined ? {} : { config_file: configFile }),
    listen_addresses: '',
    port: String(port),
    unix_socket_directories: scratch,
    hba_file: `${scratch}/hba`,
    ident_file: `${scratch}/ident`,
    ssl: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    lc_messages: 'C',
    // Nothing in it may act by itself: no jobs of an extension, no subscription that takes another's changes.
    autovacuum: 'off',
    max_worker_processes: '0',
    max_logical_replication_workers: '0',
    statement_timeout: '0',
    ...(throwAway === true
      ? { archive_mode: 'off', fsync: 'off' }
      : {
          default_transaction_read_only: 'on',
          // Not `archive_mode`: what is written meanwhile waits for the archive, and would be missing in it.
          archive_command: '',
          ...(version >= 15 ? { archive_library: '' } : {}),
        }),
  };
}

function logOf({ scratch }: PrivateServer): string {
  return `${scratch}/log`;
}
