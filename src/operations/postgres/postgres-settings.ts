import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, type Host } from '../../runbook/index.ts';
import { postgresAccess, postgresExecute, postgresQuery, psql, type PostgresAccess } from './access.ts';

export const settings = z.record(
  z.string().regex(/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)?$/, { error: 'expected the name of a setting' }),
  z.string(),
);
export type Settings = z.output<typeof settings>;

const input = z.strictObject({ server: postgresAccess, settings });

interface Captured {
  /** What `postgresql.auto.conf` says of each; null where it says nothing. */
  readonly before: Readonly<Record<string, string | null>>;
}

/** Milliseconds in which a running server takes up a changed file. */
const uptake = 10_000;

/**
 * Changes settings of a running server with ALTER SYSTEM, and has it read them again. Where a setting
 * counts only from the next start, that is in the output; the step does not restart. For settings whose
 * value is no list.
 *
 * Input: `server`; `settings` by name.
 * Output: `pendingRestart`, the names of those that wait for a restart.
 * @throws StepError `postgres.no-setting`, `postgres.not-taken-up`, and those of `postgresQuery`
 */
export const postgresSettings = operation({
  operation: 'postgres-settings',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }): Promise<Captured> => {
    const known = await standing(host, input.server, input.settings);
    const missing = Object.keys(input.settings).filter((name) => !known.has(name));
    if (missing.length > 0)
      throw new StepError(
        'postgres.no-setting',
        `this server knows no setting ${missing.join(', ')}`,
        'Correct the name; the settings of an extension are known once it is loaded.',
      );
    return { before: await written(host, input.server, input.settings) };
  },
  output: z.object({ pendingRestart: z.array(z.string()) }),
  probe: async ({ host, input, captured }) => {
    const now = await written(host, input.server, input.settings);
    const names = Object.keys(input.settings);
    if (names.every((name) => now[name] === input.settings[name])) {
      // Killed between the statements, the file has them and the server does not.
      if (!(await hasRead(host, input.server))) return 'partial';
      const found = await standing(host, input.server, input.settings);
      return { done: { pendingRestart: names.filter((name) => found.get(name)?.pending === true) } };
    }
    return names.every((name) => now[name] === captured.before[name]) ? 'not-started' : 'partial';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const now = await standing(host, input.server, input.settings);
    const changes = Object.entries(input.settings).filter(([name, value]) => now.get(name)?.value !== value);
    const shown = changes.map(([name, value]) => `${name}: ${now.get(name)?.value ?? 'unknown'} → ${value}`);
    return {
      summary: shown.length === 0 ? 'all are so already' : shown.join(', '),
      facts: { changes: changes.map(([name]) => name) },
    };
  },
  describe: ({ input }) => [psql(input.server, alter(input.settings))],
  run: async ({ host, input, exec }) => {
    const before = await loadedAt(host, input.server);
    await postgresExecute(exec, input.server, alter(input.settings));
    const until = host.clock.now().monotonic + uptake;
    while ((await loadedAt(host, input.server)) === before) {
      if (host.clock.now().monotonic > until)
        throw notTakenUp('the server has not read its configuration again');
      await host.clock.sleep(100);
    }
    const problems = await postgresQuery(
      host,
      input.server,
      `SELECT name, error FROM pg_file_settings
       WHERE error IS NOT NULL AND name NOT IN (SELECT name FROM pg_settings WHERE pending_restart)`,
    );
    if (problems.length > 0)
      throw notTakenUp(problems.map(({ name, error }) => `${String(name)}: ${String(error)}`).join('; '));
    const found = await standing(host, input.server, input.settings);
    return { pendingRestart: [...found].filter(([, { pending }]) => pending).map(([name]) => name) };
  },
  undo: ({ input, captured }) => [psql(input.server, alter(captured.before))],
});

async function loadedAt(host: Host, server: PostgresAccess): Promise<string> {
  const [row] = await postgresQuery(host, server, 'SELECT pg_conf_load_time() AS at');
  return String(row?.['at']);
}

/** Whether the server has read what ALTER SYSTEM wrote last. */
async function hasRead(host: Host, server: PostgresAccess): Promise<boolean> {
  const [row] = await postgresQuery(
    host,
    server,
    `SELECT current_setting('data_directory') AS folder, extract(epoch FROM pg_conf_load_time()) * 1000 AS ms`,
  );
  const file = await host.files.stat(`${String(row?.['folder'])}/postgresql.auto.conf`);
  return file === undefined || Number(row?.['ms']) >= file.mtimeMs;
}

function notTakenUp(why: string): StepError {
  return new StepError(
    'postgres.not-taken-up',
    `the server did not take up its settings: ${why}`,
    'Mend its configuration file, which it reads as a whole or not at all.',
  );
}

/** One statement for each, since ALTER SYSTEM runs in no transaction. */
function alter(values: Readonly<Record<string, string | null>>): string {
  const statements = Object.entries(values).map(([name, value]) =>
    value === null ? `ALTER SYSTEM RESET ${name};` : `ALTER SYSTEM SET ${name} = ${literal(value)};`,
  );
  return [...statements, 'SELECT pg_reload_conf();'].join('\n');
}

/** A text in SQL, whatever `standard_conforming_strings` says. */
function literal(text: string): string {
  const quoted = `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}

/** What `postgresql.auto.conf` says of each setting. */
async function written(
  host: Host,
  server: PostgresAccess,
  asked: Settings,
): Promise<Record<string, string | null>> {
  const rows = await postgresQuery(
    host,
    server,
    `SELECT name, setting FROM pg_file_settings WHERE sourcefile = current_setting('data_directory') || '/postgresql.auto.conf'`,
  );
  const found = new Map(rows.map(({ name, setting }) => [String(name), String(setting)]));
  return Object.fromEntries(Object.keys(asked).map((name) => [name, found.get(name) ?? null]));
}

/** What is in force. */
export async function standing(
  host: Host,
  server: PostgresAccess,
  asked: Settings,
): Promise<
  ReadonlyMap<string, { readonly value: string; readonly shown: string; readonly pending: boolean }>
> {
  const rows = await postgresQuery(
    host,
    server,
    `SELECT name, setting, current_setting(name) AS shown, pending_restart FROM pg_settings WHERE name = ANY (string_to_array(:'names', ','))`,
    { names: Object.keys(asked).join(',') },
  );
  return new Map(
    rows.map(({ name, setting, shown, pending_restart: pending }) => [
      String(name),
      { value: String(setting), shown: String(shown), pending: pending === true },
    ]),
  );
}
