import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Host } from '../../runbook/index.ts';
import { postgresQuery, type PostgresAccess } from './access.ts';

/** What is compared: how many rows, and by choice what is in them. */
export type RowsBy = 'checksum' | 'count';

/** Of each table, `DATABASE SCHEMA.TABLE`: how many rows, and a sum over the hashes of all of them. */
const tableRows = z.record(z.string(), z.object({ rows: z.number(), sum: z.string() }));
export type TableRows = z.output<typeof tableRows>;

/** Tables that one statement reads. */
const batch = 50;

/**
 * What every database of a cluster holds: tables, materialised views, sequences, large objects, and its roles.
 * Only equal when nobody writes; independent of the order of rows.
 */
export async function readTableRows(host: Host, server: PostgresAccess, by: RowsBy): Promise<TableRows> {
  const found: [string, { rows: number; sum: string }][] = [];
  const databases = await postgresQuery(
    host,
    server,
    'SELECT datname AS name FROM pg_database WHERE datallowconn ORDER BY 1',
  );
  for (const { name } of databases) {
    const database = { ...server, database: String(name) };
    const tables = await postgresQuery(host, database, tablesQuery);
    for (let from = 0; from < tables.length; from += batch) {
      const some = tables.slice(from, from + batch);
      const rows = await postgresQuery(
        host,
        database,
        some.map((each) => rowsQuery(each, by)).join(' UNION ALL '),
      );
      for (const row of rows)
        found.push([
          `${String(name)} ${String(row['name'])}`,
          { rows: Number(row['rows']), sum: String(row['sum']) },
        ]);
    }
  }
  const roles = await postgresQuery(host, server, rowsQuery(rolesTable, by));
  for (const row of roles) found.push(['roles', { rows: Number(row['rows']), sum: String(row['sum']) }]);
  return Object.fromEntries(found);
}

const rolesTable = { quoted: 'pg_catalog.pg_authid', text: `'pg_catalog.pg_authid'`, kind: 'r' };

/** Names as SQL has them, as identifiers and as texts. */
const tablesQuery = `SELECT format('%I.%I', n.nspname, c.relname) AS quoted, format('%L', format('%I.%I', n.nspname, c.relname)) AS text, c.relkind::text AS kind
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't' AND (c.relkind <> 'm' OR c.relispopulated)
    AND (n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' OR c.oid = 'pg_catalog.pg_largeobject'::regclass)
  ORDER BY 1`;

function rowsQuery({ quoted, text, kind }: Readonly<Record<string, unknown>>, by: RowsBy): string {
  const only = kind === 'r' ? 'ONLY ' : '';
  // A sequence is no row that could be a text as a whole, and where it stands counts in any case.
  const hashed = kind === 'S' ? `concat_ws(',', last_value, is_called)` : `migrate_row::text COLLATE "C"`;
  const sum =
    by === 'checksum' || kind === 'S'
      ? `coalesce(sum(hashtextextended(${hashed}, 0)::numeric), 0)::text`
      : `''`;
  return `SELECT ${String(text)} AS name, count(*) AS rows, ${sum} AS sum FROM ${only}${String(quoted)} AS migrate_row`;
}

/** One value for all of it. */
export function digestOf(found: TableRows): string {
  const digest = createHash('sha256');
  for (const name of Object.keys(found).toSorted())
    digest.update(`${name}\0${found[name]?.rows}\0${found[name]?.sum}\n`);
  return digest.digest('hex');
}

export function countRows(found: TableRows): number {
  return Object.values(found).reduce((all, { rows }) => all + rows, 0);
}

/** In what two readings differ, each in words. */
export function rowsDifference(before: TableRows, after: TableRows): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.flatMap((name) => {
    const [one, other] = [before[name], after[name]];
    if (one === undefined) return [`${name} was not there`];
    if (other === undefined) return [`${name} is missing`];
    if (one.rows !== other.rows) return [`${name} had ${one.rows} rows and has ${other.rows}`];
    return one.sum === other.sum ? [] : [`${name} has other contents in its ${one.rows} rows`];
  });
}

export function tableRowsFromText(text: string): TableRows {
  return tableRows.parse(JSON.parse(text));
}
