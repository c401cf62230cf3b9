import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { ShownFolder } from './claims.ts';

/** What decides where things are kept. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
}

const rootFolder = '/var/lib/migrate';

/**
 * Where journals are kept: `--state-dir`, `MIGRATE_STATE_DIR`, root's `/var/lib/migrate`, or the
 * user's XDG state folder.
 *
 * @throws UsageError `state.relative` for a path that is not absolute.
 */
export function stateFolder(option: string | undefined, { env, uid, home }: Surroundings): string {
  if (option !== undefined) return absolute(option, '--state-dir');
  const given = env['MIGRATE_STATE_DIR'];
  if (given) return absolute(given, 'MIGRATE_STATE_DIR');
  return uid === 0 ? rootFolder : userFolder(env, home);
}

/**
 * Where the claims of all runs on this machine are kept, whatever `--state-dir` says: root's and each
 * user's apart, see `shownClaimsFolder`. `MIGRATE_CLAIMS_DIR` is for containers and tests.
 *
 * @throws UsageError `state.relative` for a path that is not absolute.
 */
export function claimsFolder({ env, uid, home }: Surroundings): string {
  const given = env['MIGRATE_CLAIMS_DIR'];
  if (given) return absolute(given, 'MIGRATE_CLAIMS_DIR');
  return join(uid === 0 ? rootFolder : userFolder(env, home), 'claims');
}

/** Where root shows its claims to ordinary users; nowhere when all share one folder. */
export function shownClaimsFolder({ env, uid }: Surroundings): ShownFolder | undefined {
  if (env['MIGRATE_CLAIMS_DIR']) return undefined;
  return { folder: '/var/lib/migrate-claims', as: uid === 0 ? 'root' : 'user' };
}

/** Where state may lie as well, in the order of preference. */
export function otherStateFolders({ env, uid, home }: Surroundings): readonly string[] {
  return uid === 0 ? [rootFolder, '/var/migrate', '/root/.local/state/migrate'] : [userFolder(env, home)];
}

function userFolder(env: Surroundings['env'], home: string): string {
  const xdg = env['XDG_STATE_HOME'];
  // The XDG specification tells to ignore a relative path.
  return join(xdg?.startsWith('/') ? xdg : join(home, '.local/state'), 'migrate');
}

function absolute(path: string, from: string): string {
  if (path.startsWith('/')) return path;
  throw new UsageError(
    'state.relative',
    `${from} is ${JSON.stringify(path)}, and must be an absolute path`,
    'A run is resumed from other folders, and after a reboot.',
  );
}
