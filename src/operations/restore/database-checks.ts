import { posix } from 'node:path';
import { messageOf, StepError } from '../../errors.ts';
import { sh, type Host } from '../../runbook/index.ts';
import type { LookedAt } from '../../sqlite/index.ts';
import { parseControlData } from '../postgres/control-data.ts';
import { serverProgram } from '../postgres/programs.ts';
import { lookAtDatabases } from '../services/look-at-databases.ts';
import type { SeenDatabase } from './judge-data.ts';

/**
 * Reads SQLite databases, and writes nothing beside them: as those of a stopped service, and through the online
 * backup where one was written to meanwhile.
 * @param scratch a folder in which copies may be made for a moment
 */
export async function checkSqlite(
  host: Host,
  root: string,
  files: readonly string[],
  scratch: string,
): Promise<readonly SeenDatabase[]> {
  if (files.length === 0) return [];
  const databases = files.map((file) => posix.join(root, file));
  try {
    const context = { host, run: { folder: scratch } };
    const looked = await lookAtDatabases(context, { databases, service: 'stopped' });
    const inUse = looked.filter(({ standing }) => standing === 'in-use').map(({ path }) => path);
    const again =
      inUse.length === 0 ? [] : await lookAtDatabases(context, { databases: inUse, service: 'running' });
    return [...looked.filter(({ standing }) => standing !== 'in-use'), ...again].map((one) => ({
      file: posix.relative(root, one.path),
      is: verdictOf(one),
      said: [one.standing, ...one.problems].join(': '),
    }));
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return files.map((file) => ({ file, is: 'unreadable' as const, said: messageOf(error) }));
  }
}

function verdictOf({ standing }: LookedAt): SeenDatabase['is'] {
  // What only the service's own code can read is no reason to keep the service down.
  if (standing === 'sound' || standing === 'unjudged') return 'sound';
  return ['damaged', 'missing', 'empty', 'not-a-database'].includes(standing) ? 'damaged' : 'unreadable';
}

/** Reads the control file of a PostgreSQL cluster. How it was stopped is its own affair when it starts. */
export async function checkPostgres(host: Host, root: string): Promise<SeenDatabase> {
  const file = 'global/pg_control';
  for (const part of ['PG_VERSION', file]) {
    const stat = await host.files.stat(posix.join(root, part));
    if (stat === undefined || stat.size === 0) return { file, is: 'damaged', said: `there is no ${part}` };
  }
  try {
    const program = await serverProgram(host, 'pg_controldata', { folder: root });
    const { stdout } = await host.exec(sh.with({ env: { LC_ALL: 'C' } })`${program} -D ${root}`);
    return { file, is: 'sound', said: parseControlData(stdout, root).state };
  } catch (error) {
    const damaged = error instanceof StepError && error.code === 'postgres.control-damaged';
    return { file, is: damaged ? 'damaged' : 'unreadable', said: messageOf(error) };
  }
}
