import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, type Command, type Host } from '../../runbook/index.ts';
import { asUser } from './as-user.ts';

export const systemUser = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]*$/, { error: 'expected the name of a system user, such as postgres' });

/** How to reach a running server: by its socket, as its system user. */
export const postgresAccess = z.strictObject({
  /** System user that runs the server and, as a rule, may log in by its own name; `postgres` when left out. */
  user: systemUser.optional(),
  /** Folder of the server's socket. */
  socket: absolutePath,
  /** 5432 when left out; it names the socket. */
  port: z.number().int().min(1).max(65_535).optional(),
  /** Where statements run; `postgres` when left out. */
  database: z.string().min(1).optional(),
  /** Role to log in as; the system user when left out. */
  role: z.string().min(1).optional(),
  /** File with the password, in the form of `.pgpass`, that only the system user can read. */
  passwordFile: absolutePath.optional(),
});
export type PostgresAccess = z.output<typeof postgresAccess>;

export function serverUser({ user }: { readonly user?: string | undefined }): string {
  return user ?? 'postgres';
}

/** Options of libpq's programs, and of barman's, that name the server. */
export function serverOptions(access: PostgresAccess): readonly string[] {
  return ['-h', access.socket, '-p', String(access.port ?? 5432), '-U', access.role ?? serverUser(access)];
}

export function passwordEnv({ passwordFile }: PostgresAccess): Readonly<Record<string, string>> {
  return passwordFile === undefined ? {} : { PGPASSFILE: passwordFile };
}

/**
 * psql with statements on its standard input, without the user's own start-up file and without ever asking
 * for a password. The first error ends it.
 *
 * @param variables stand in the statements as `:'name'`, quoted by psql
 */
export function psql(
  access: PostgresAccess,
  statements: string,
  variables: Readonly<Record<string, string>> = {},
): Command {
  return {
    ...asUser(
      serverUser(access),
      [
        ...['psql', '-X', '-A', '-t', '-q', '--no-password', '--set=ON_ERROR_STOP=1'],
        ...Object.entries(variables).map(([name, value]) => `--set=${name}=${value}`),
        ...serverOptions(access),
        `--dbname=${access.database ?? 'postgres'}`,
      ],
      passwordEnv(access),
    ),
    input: `${statements}\n`,
  };
}

/** By column; what is neither a number nor true or false comes as text. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/**
 * The rows of a query, each by the names of its columns.
 *
 * @param query a SELECT without a semicolon; values go into `variables` and stand in it as `:'name'`
 * @throws StepError `postgres.no-answer` when the server is not there or lets nobody in, `postgres.query`
 */
export async function postgresQuery(
  host: Host,
  access: PostgresAccess,
  query: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<readonly Row[]> {
  const asJson = `SELECT coalesce(json_agg(q), '[]'::json) FROM (${query}) AS q;`;
  const result = await host.exec(psql(access, asJson, variables), { anyExit: true });
  if (result.exitCode === 0) return JSON.parse(result.stdout) as Row[];
  throw psqlError(access, result);
}

/**
 * Runs statements in the order in which they stand.
 * @throws StepError as `postgresQuery`
 */
export async function postgresExecute(
  exec: Host['exec'],
  access: PostgresAccess,
  statements: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const result = await exec(psql(access, statements, variables), { anyExit: true });
  if (result.exitCode !== 0) throw psqlError(access, result);
}

/** psql exits with 2 when it has no connection; with 1 or 3 when a statement fails. */
function psqlError(
  access: PostgresAccess,
  { exitCode, stderr }: { readonly exitCode: number | null; readonly stderr: string },
): StepError {
  const said = stderr.trim().split('\n').slice(0, 4).join('; ');
  if (exitCode === 2) {
    return new StepError(
      'postgres.no-answer',
      `no connection to PostgreSQL at ${access.socket}, port ${access.port ?? 5432}: ${said}`,
      'See whether the server runs, and whether pg_hba.conf lets its own system user in without a password (peer).',
    );
  }
  return new StepError(
    'postgres.query',
    `psql exited with ${exitCode}: ${said}`,
    'See its log with: migrate logs',
  );
}
