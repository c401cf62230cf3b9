import type { Host } from '../../runbook/index.ts';
import { postgresQuery, type PostgresAccess } from './access.ts';
import { restoreCommand, type BarmanArchive } from './barman.ts';

/** What the restored cluster must have as the live one has it. */
export interface LiveFacts {
  /** By name. */
  readonly settings: Readonly<Record<string, string>>;
  readonly tablespaces: readonly string[];
  /** Of all databases together. */
  readonly bytes: number;
}

/** Without these, what the WAL holds may not be replayed, or the tables of an extension not be read. */
const carried = [
  'max_connections',
  'max_prepared_transactions',
  'max_locks_per_transaction',
  'shared_preload_libraries',
];

/** @throws StepError as `postgresQuery` */
export async function liveFacts(host: Host, server: PostgresAccess): Promise<LiveFacts> {
  const settings = await postgresQuery(
    host,
    server,
    `SELECT name, setting FROM pg_settings WHERE name = ANY (string_to_array(:'names', ','))`,
    { names: carried.join(',') },
  );
  const [sums] = await postgresQuery(
    host,
    server,
    `SELECT (SELECT sum(pg_database_size(oid)) FROM pg_database) AS bytes,
       (SELECT coalesce(string_agg(spcname, chr(10)), '') FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')) AS tablespaces`,
  );
  return {
    settings: Object.fromEntries(settings.map(({ name, setting }) => [String(name), String(setting)])),
    tablespaces: String(sums?.['tablespaces'] ?? '')
      .split('\n')
      .filter((name) => name !== ''),
    bytes: Number(sums?.['bytes']),
  };
}

/**
 * The files that make a restored cluster a scratch one, by path. Settings of ALTER SYSTEM come with a base
 * backup and would have it archive over the live archive, so their file is emptied.
 */
export function scratchFiles(
  { folder, port }: { readonly folder: string; readonly port: number },
  archive: BarmanArchive,
  target: string,
  live: Pick<LiveFacts, 'settings'>,
): Readonly<Record<string, string>> {
  const values: Record<string, string> = {
    ...live.settings,
    port: String(port),
    listen_addresses: '',
    unix_socket_directories: folder,
    // Whoever may enter the folder, which is the server's user alone.
    hba_file: `${folder}/pg_hba.conf`,
    ident_file: `${folder}/pg_ident.conf`,
    archive_mode: 'off',
    // A pause may fall into a transaction that holds a table locked, and whoever reads it then waits for ever.
    recovery_target_action: 'promote',
    hot_standby: 'off',
    // Nothing in it may act by itself: no jobs of an extension, no subscription that takes another's changes.
    max_worker_processes: '0',
    max_logical_replication_workers: '0',
    autovacuum: 'off',
    restore_command: restoreCommand(archive),
    recovery_target_time: target,
    lc_messages: 'C',
    logging_collector: 'off',
    // It is thrown away.
    fsync: 'off',
    ssl: 'off',
  };
  const lines = Object.entries(values).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return {
    [`${folder}/postgresql.conf`]: `${lines.join('\n')}\n`,
    [`${folder}/pg_hba.conf`]: 'local all all trust\n',
    [`${folder}/pg_ident.conf`]: '',
    [`${folder}/data/postgresql.auto.conf`]: '',
    [`${folder}/data/recovery.signal`]: '',
  };
}
