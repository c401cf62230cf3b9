import { StepError, z, type Host } from 'migrate-runbook';
import { postgresQuery } from 'migrate-runbook/operations';

export const user = 'postgres';

export const clusterFacts = z.object({
  version: z.string(),
  systemIdentifier: z.string(),
  socket: z.string(),
  port: z.number(),
  bytes: z.number(),
});
export type ClusterFacts = z.output<typeof clusterFacts>;

/**
 * How to reach the server that works in a folder, by what it has written there.
 * @throws StepError `postgres.not-running`
 */
export async function serverIn(
  host: Host,
  folder: string,
): Promise<{ socket: string; port: number; user: string }> {
  const lines = ((await host.files.read(`${folder}/postmaster.pid`)) ?? '').split('\n');
  const [port, socket] = [Number(lines[3]), lines[4]?.trim() ?? ''];
  if (Number.isInteger(port) && port > 0 && socket.startsWith('/')) return { socket, port, user };
  throw new StepError(
    'postgres.not-running',
    `no server works in ${folder}: its postmaster.pid is not there, or names no socket`,
    'Start it. If its data lies elsewhere, such as in a folder by its version, name that: --set source=FOLDER',
  );
}

/**
 * Asks the server what it is, and refuses what this move would leave half behind.
 * @throws StepError `postgres.standby`, `postgres.tablespaces`, `postgres.old-paths`, `postgres.wal-link`, and those of `serverIn`
 */
export async function lookAtServer(host: Host, folder: string): Promise<ClusterFacts> {
  const { socket, port } = await serverIn(host, folder);
  const server = { user, socket, port };
  const [found] = await postgresQuery(
    host,
    server,
    `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby,
       (SELECT system_identifier::text FROM pg_control_system()) AS id,
       (SELECT coalesce(string_agg(spcname || ' in ' || pg_tablespace_location(oid), ', '), '') FROM pg_tablespace
          WHERE pg_tablespace_location(oid) <> '') AS tablespaces,
       (SELECT coalesce(string_agg(name || ' = ' || setting, ', '), '') FROM pg_settings
          WHERE position(:'folder' IN setting) > 0 AND source NOT IN ('default', 'override', 'command line')
            AND name <> 'data_directory') AS settings,
       (SELECT sum(pg_database_size(oid))::bigint FROM pg_database) AS bytes`,
    { folder },
  );
  const text = (name: string) => String(found?.[name] ?? '');
  if (found?.['standby'] === true) {
    throw new StepError(
      'postgres.standby',
      'this server is a standby of another one',
      'Move the primary, and make the standby anew from it.',
    );
  }
  if (text('tablespaces') !== '') {
    throw new StepError(
      'postgres.tablespaces',
      `the cluster has tablespaces of its own: ${text('tablespaces')}. They lie where these datasets do not reach`,
      'Move what is in them back (ALTER TABLE … SET TABLESPACE pg_default), drop them, and begin again.',
    );
  }
  if (text('settings') !== '') {
    throw new StepError(
      'postgres.old-paths',
      `settings name the old folder, and would go on to do so: ${text('settings')}`,
      'Change them to paths within the data folder, or to others, before it moves.',
    );
  }
  if ((await host.files.stat(`${folder}/pg_wal`))?.kind !== 'folder') {
    throw new StepError(
      'postgres.wal-link',
      `${folder}/pg_wal is no folder, so the WAL lies elsewhere already`,
      'Bring it back while the server is stopped: pg_wal must be a folder in the data folder.',
    );
  }
  return {
    version: text('version'),
    systemIdentifier: text('id'),
    socket,
    port,
    bytes: Number(found?.['bytes']),
  };
}

/** The server that answers is the same cluster, in the new place, with its WAL behind the link. */
export async function mustLiveThere(
  host: Host,
  folder: string,
  walFolder: string,
): Promise<{ systemIdentifier: string; version: string }> {
  const server = await serverIn(host, folder);
  const [found] = await postgresQuery(
    host,
    server,
    `SELECT current_setting('server_version') AS version, current_setting('data_directory') AS folder,
       (SELECT system_identifier::text FROM pg_control_system()) AS id`,
  );
  const [data, wal] = await Promise.all([
    host.files.realPath(String(found?.['folder'])),
    host.files.realPath(`${folder}/pg_wal`),
  ]);
  // A bind mount shows the folder under another name.
  if ((await sameFolder(host, data, folder)) && wal === (await host.files.realPath(walFolder)))
    return { systemIdentifier: String(found?.['id']), version: String(found?.['version']) };
  throw new StepError(
    'postgres.other-place',
    `the server works in ${data ?? 'no folder'} and writes its WAL to ${wal ?? 'no folder'}`,
    `It should work in ${folder}, with its WAL in ${walFolder}. Roll back.`,
  );
}

async function sameFolder(host: Host, one: string | undefined, other: string): Promise<boolean> {
  const found = one === undefined ? undefined : await host.files.stat(one);
  const wanted = await host.files.stat(other);
  return found !== undefined && found.device === wanted?.device && found.inode === wanted.inode;
}
