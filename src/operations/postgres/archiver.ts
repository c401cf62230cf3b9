import { z } from 'zod';
import type { Host } from '../../runbook/index.ts';
import { postgresQuery, type PostgresAccess } from './access.ts';

/** What `pg_stat_archiver` has counted at some moment. */
export const archiverCount = z.object({ failed: z.number(), resetAt: z.string().nullable() });
export type ArchiverCount = z.output<typeof archiverCount>;

export interface ArchiveFailures {
  readonly server: PostgresAccess;
  /** Failures up to here do not count. */
  readonly since?: ArchiverCount | undefined;
}

export interface Archiver extends ArchiverCount {
  readonly archived: number;
  readonly lastArchived: string | null;
  readonly lastFailed: string | null;
  /** The latest attempt has failed. */
  readonly failing: boolean;
  /** WAL files that wait to be archived. */
  readonly waiting: number;
}

/** @throws StepError as `postgresQuery` */
export async function archiver(host: Host, server: PostgresAccess): Promise<Archiver> {
  const [row] = await postgresQuery(
    host,
    server,
    `SELECT archived_count, failed_count, last_archived_wal, last_failed_wal, stats_reset,
       coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failing,
       (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready') AS waiting
     FROM pg_stat_archiver`,
  );
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    archived: Number(row?.['archived_count']),
    failed: Number(row?.['failed_count']),
    resetAt: text(row?.['stats_reset']),
    lastArchived: text(row?.['last_archived_wal']),
    lastFailed: text(row?.['last_failed_wal']),
    failing: row?.['failing'] === true,
    waiting: Number(row?.['waiting']),
  };
}

/**
 * How often archiving has failed: since a moment, also when it has recovered; or, without one, as often as the
 * server has ever counted where the latest attempt has failed, and else not once. The server forgets its counts
 * in a crash; what it counts from then on are failures since that moment as well.
 *
 * @throws StepError as `postgresQuery`
 */
export async function failuresOfArchiving(
  host: Host,
  { server, since }: ArchiveFailures,
): Promise<{ value: number; observed: string }> {
  const now = await archiver(host, server);
  const value = since === undefined && !now.failing ? 0 : failuresSince(now, since);
  const state = now.failing ? `fails at ${now.lastFailed}` : `last archived ${now.lastArchived ?? 'nothing'}`;
  return { value, observed: `${state}; ${now.waiting} WAL files wait` };
}

export function failuresSince(now: ArchiverCount, since: ArchiverCount | undefined): number {
  if (since === undefined || since.resetAt !== now.resetAt) return now.failed;
  return now.failed - since.failed;
}

/**
 * How many WAL files wait to be archived. They stay on the disk until they are.
 *
 * @throws StepError as `postgresQuery`
 */
export async function waitingWal(
  host: Host,
  { server }: { readonly server: PostgresAccess },
): Promise<{ value: number; observed: string }> {
  const { failing, lastArchived, lastFailed, waiting } = await archiver(host, server);
  return {
    value: waiting,
    observed: failing
      ? `the latest attempt, ${lastFailed}, has failed`
      : `last archived ${lastArchived ?? 'nothing'}`,
  };
}
