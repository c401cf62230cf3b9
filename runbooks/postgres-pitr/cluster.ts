import { StepError, z, type Host } from 'migrate-runbook';
import { postgresQuery } from 'migrate-runbook/operations';
import type { Params } from './params.ts';
import { server } from './places.ts';

export const clusterFacts = z.object({
  version: z.string(),
  systemIdentifier: z.string(),
  lastArchived: z.string().nullable(),
  bytes: z.number(),
});

/** What the running server says of itself, when it is the one that is meant. */
export async function lookAtCluster(host: Host, p: Params): Promise<z.output<typeof clusterFacts>> {
  const [found] = await postgresQuery(
    host,
    server(p),
    `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby,
       current_setting('data_directory') AS folder, (SELECT system_identifier::text FROM pg_control_system()) AS id,
       (SELECT last_archived_wal FROM pg_stat_archiver) AS last,
       (SELECT sum(pg_database_size(oid))::bigint FROM pg_database) AS bytes`,
  );
  const folder = String(found?.['folder']);
  if (found?.['standby'] === true) {
    throw new StepError(
      'pitr.standby',
      'this server is a standby, and archives nothing by itself',
      'Run this on the primary.',
    );
  }
  await mustLeadTo(host, 'data folder', folder, p.dataFolder, 'dataFolder');
  await mustLeadTo(host, 'WAL', `${folder}/pg_wal`, p.walFolder, 'walFolder');
  const last = found?.['last'];
  return {
    version: String(found?.['version']),
    systemIdentifier: String(found?.['id']),
    lastArchived: typeof last === 'string' ? last : null,
    bytes: Number(found?.['bytes']),
  };
}

/** What is excluded from the other backups at the end must be what is archived here. */
async function mustLeadTo(
  host: Host,
  what: string,
  used: string,
  given: string,
  parameter: string,
): Promise<void> {
  const [one, other] = await Promise.all([host.files.realPath(used), host.files.realPath(given)]);
  if (one !== undefined && one === other) return;
  throw new StepError(
    'pitr.other-folder',
    `the ${what} of the server is ${one ?? used}, and not ${given}`,
    `Set ${parameter} to where it is, or run the runbook postgres first.`,
  );
}

/** What the scratch folder must hold: the dump, and later the restored cluster, in turn. */
export async function roomForScratch(host: Host, p: Params, bytes: number) {
  const needed = Math.ceil(bytes * 1.1) + 256 * 1024 * 1024;
  const { freeForUsers } = await host.files.space(p.scratch);
  const observed = `${p.scratch} has room for ${freeForUsers} bytes, and ${needed} are needed`;
  return { verdict: freeForUsers > needed ? ('PASS' as const) : ('FAIL' as const), observed };
}
