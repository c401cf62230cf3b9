import { z } from 'zod';
import type { Host } from '../../runbook/index.ts';
import { postgresExecute, postgresQuery, type PostgresAccess } from './access.ts';

/** Rows of a schema of their own, by which a restore is judged. */
export const rowsFound = z.object({ count: z.number(), digest: z.string() });
export type RowsFound = z.output<typeof rowsFound>;

/** A name for the schema, from the id of a run. */
export function schemaOf(run: string): string {
  return `migrate_pitr_${run.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`.slice(0, 63);
}

export function dropRows(schema: string): string {
  return `DROP SCHEMA IF EXISTS ${schema} CASCADE;`;
}

/** Commits the first rows. */
export function writeRows(
  exec: Host['exec'],
  server: PostgresAccess,
  schema: string,
  count: number,
): Promise<void> {
  return postgresExecute(
    exec,
    server,
    `BEGIN;
${dropRows(schema)}
CREATE SCHEMA ${schema};
CREATE TABLE ${schema}.proof (id integer PRIMARY KEY, written timestamptz NOT NULL, payload text NOT NULL);
INSERT INTO ${schema}.proof SELECT i, clock_timestamp(), md5(random()::text) FROM generate_series(1, ${count}) AS i;
COMMIT;`,
  );
}

/** Commits more rows, and changes and deletes some of the first: none of it may be in what is restored. */
export function writeMore(
  exec: Host['exec'],
  server: PostgresAccess,
  schema: string,
  count: number,
): Promise<void> {
  return postgresExecute(
    exec,
    server,
    `BEGIN;
INSERT INTO ${schema}.proof SELECT i, clock_timestamp(), md5(random()::text) FROM generate_series(${count + 1}, ${2 * count}) AS i;
UPDATE ${schema}.proof SET payload = 'written later' WHERE id % 3 = 0 AND id <= ${count};
DELETE FROM ${schema}.proof WHERE id % 5 = 0 AND id <= ${count};
COMMIT;`,
  );
}

/** How many rows there are, and a hash over every byte of them. */
export async function readRows(host: Host, server: PostgresAccess, schema: string): Promise<RowsFound> {
  const [row] = await postgresQuery(
    host,
    server,
    `SELECT count(*) AS count, encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', id, extract(epoch FROM written), payload), chr(10) ORDER BY id), ''), 'UTF8')), 'hex') AS digest FROM ${schema}.proof`,
  );
  return rowsFound.parse(row);
}

/** The server's own clock, exact to the microsecond, with its zone. */
export async function serverTime(host: Host, server: PostgresAccess): Promise<string> {
  const [row] = await postgresQuery(
    host,
    server,
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' AS now`,
  );
  return String(row?.['now']);
}
