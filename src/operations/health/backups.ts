import type { ResticAccess } from '../restic/restic.ts';
import { askRestic, type Snapshot } from '../restic/restic.ts';
import { hoursSince } from './hours.ts';
import { givenNow, type Given, type Limits, type Measure } from './measure.ts';
import { thresholds } from './thresholds.ts';

export interface BackupsOf extends ResticAccess {
  /** The name under which the snapshots are kept, as a rule the machine's. */
  readonly host: string;
  /** A folder that each of them must hold, as it was given to restic. */
  readonly path: string;
  /** A tag that each of them must bear. */
  readonly tag?: string;
}

/**
 * Hours since the newest snapshot of a folder, of this machine and with this tag: the newest of all may be
 * another service's.
 *
 * Cannot be measured where the repository does not answer, is locked for ever or takes another password. That
 * there is no such snapshot is an answer: never.
 */
export function backupAge<Params, Outputs>(
  given: Given<BackupsOf, Params, Outputs>,
  limits: Limits = thresholds.backupAge,
): Measure<Params, Outputs> {
  return {
    name: 'age of the last backup',
    ...limits,
    measure: async (context) => {
      const { host } = context;
      const of = givenNow(given, context);
      const filters = [
        '--host',
        of.host,
        '--path',
        of.path,
        ...(of.tag === undefined ? [] : ['--tag', of.tag]),
      ];
      const { stdout } = await askRestic(host, of, ['snapshots', '--json', '--no-lock', ...filters]);
      const which = `of ${of.path} by ${of.host}${of.tag === undefined ? '' : ` with the tag ${of.tag}`}`;
      const newest = newestOf(JSON.parse(stdout) as readonly Snapshot[], of);
      if (newest === undefined) {
        return { value: Number.POSITIVE_INFINITY, observed: `there is no snapshot ${which}` };
      }
      const { id, time } = newest;
      return {
        value: hoursSince(host, Date.parse(time), `the snapshot ${id.slice(0, 8)}`),
        observed: `the snapshot ${id.slice(0, 8)} ${which} is of ${time}`,
        evidence: { snapshot: id, time },
      };
    },
  };
}

/** Among those that restic gave, since versions differ in what `--path` takes for the same path. */
export function newestOf(
  snapshots: readonly Snapshot[],
  { host, path, tag }: Pick<BackupsOf, 'host' | 'path' | 'tag'>,
): Snapshot | undefined {
  return snapshots
    .filter(
      (each) =>
        each.hostname === host &&
        each.paths.includes(path) &&
        (tag === undefined || each.tags?.includes(tag) === true),
    )
    .toSorted((one, other) => Date.parse(one.time) - Date.parse(other.time))
    .at(-1);
}
