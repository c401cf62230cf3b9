import type { DatabaseSync } from 'node:sqlite';

export interface Integrity {
  readonly damage: readonly string[];
  /** What could not be looked at since only the service's own code can. */
  readonly unjudged: readonly string[];
  readonly brokenReferences: number;
  readonly tables: number;
}

const shown = 10;

/** Reads all of a database. @throws what SQLite throws where not even that is possible */
export function integrityOf(database: DatabaseSync): Integrity {
  const unjudged: string[] = [];
  const tables = database.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'table'`).all() as {
    name: string;
    sql: string | null;
  }[];
  let damage = check(database, '');
  if (damage === undefined) {
    // Its tables one by one, and not the virtual ones.
    damage = [];
    for (const { name, sql } of tables) {
      const told = /^CREATE VIRTUAL/i.test(sql ?? '') ? undefined : check(database, name);
      if (told === undefined) unjudged.push(name);
      else damage.push(...told);
    }
  }
  return {
    damage: damage.slice(0, shown),
    unjudged,
    brokenReferences: brokenReferences(database),
    tables: tables.length,
  };
}

/** What the check says is wrong; `undefined` when it needs what this SQLite does not have. */
function check(database: DatabaseSync, table: string): string[] | undefined {
  const pragma =
    table === '' ? `integrity_check(${shown})` : `integrity_check('${table.replaceAll("'", "''")}')`;
  try {
    const rows = database.prepare(`PRAGMA ${pragma}`).all() as { integrity_check: string }[];
    const told = rows.map(({ integrity_check: row }) => row).filter((row) => row !== 'ok');
    return told.every(needsTheService) && told.length > 0
      ? undefined
      : told.filter((row) => !needsTheService(row));
  } catch (thrown) {
    const message = (thrown as Error).message;
    return needsTheService(message) ? undefined : [message];
  }
}

/** Plex, for one, sorts and searches by functions that are in its own SQLite. */
function needsTheService(message: string): boolean {
  return /no such (collation sequence|function|module|tokenizer)|unknown tokenizer|unable to validate|unsafe use of/i.test(
    message,
  );
}

function brokenReferences(database: DatabaseSync): number {
  let count = 0;
  try {
    for (const _ of database.prepare('PRAGMA foreign_key_check').iterate()) count += 1;
  } catch {
    // A mismatch of the schema itself, or a function that it lacks: what was counted by then is told.
  }
  return count;
}
