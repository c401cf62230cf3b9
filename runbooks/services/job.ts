import { sh, StepError, z, type Finding, type ReadContext } from 'migrate-runbook';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';
import { backedUp, type Placed } from './place.ts';

export const jobSnapshot = z.object({
  snapshot: z.string(),
  time: z.string(),
  /** What it left out. */
  excludes: z.array(z.string()).readonly(),
});

const listed = z.array(
  z.object({
    id: z.string(),
    time: z.string(),
    hostname: z.string(),
    paths: z.array(z.string()),
    tags: z.array(z.string()).nullish(),
    excludes: z.array(z.string()).nullish(),
  }),
);

/** Snapshots of the new place that were there before the job ran; by their ids, since clocks differ. */
export const jobKnown = z.object({ known: z.array(z.string()).readonly() });

type Context = ReadContext<ServiceParams, { readonly place: Placed }>;

/** Snapshots that the service's own job has taken of the new place, oldest first. */
export async function snapshotsOfJob(
  service: Service,
  { host, params, outputs }: Context,
): Promise<readonly z.output<typeof jobSnapshot>[]> {
  const path = backedUp(service, params);
  const { stdout } = await host.exec(
    sh.with({
      env: { RESTIC_REPOSITORY: params.repository, RESTIC_PASSWORD: params.password },
    })`restic snapshots --json --no-lock --path ${path}`,
  );
  return listed
    .parse(JSON.parse(stdout))
    .filter(
      ({ hostname, paths, tags }) =>
        hostname === outputs.place.machine &&
        paths.includes(path) &&
        service.backup.tags.every((tag) => tags?.includes(tag)),
    )
    .toSorted((one, other) => Date.parse(one.time) - Date.parse(other.time))
    .map(({ id, time, excludes }) => ({ snapshot: id, time, excludes: excludes ?? [] }));
}

/**
 * The snapshot that the job has just taken.
 * @throws StepError `services.no-job-snapshot`
 */
export async function newestOfJob(
  service: Service,
  context: Context,
  known: readonly string[],
): Promise<z.output<typeof jobSnapshot>> {
  const newest = (await snapshotsOfJob(service, context)).findLast(
    ({ snapshot }) => !known.includes(snapshot),
  );
  if (newest !== undefined) return newest;
  const { unit, tags } = service.backup;
  throw new StepError(
    'services.no-job-snapshot',
    `${unit} has run, and the repository holds no new snapshot of ${backedUp(service, context.params)} by ${context.outputs.place.machine} with the tags ${tags.join(', ')}`,
    `See what it does: systemctl cat ${unit}; and whether it writes to the repository that was given.`,
  );
}

/** That the job leaves out what nobody wants to have back. */
export function leavesOut({ backup }: Service, excludes: readonly string[]): Finding {
  const lacking = backup.excludes.filter((pattern) => !excludes.includes(pattern));
  return lacking.length === 0
    ? { verdict: 'PASS', observed: `${backup.unit} leaves out ${backup.excludes.join(', ') || 'nothing'}` }
    : {
        verdict: 'PARTIAL',
        observed: `${backup.unit} also backs up ${lacking.join(', ')}: add it to excludePatterns of the job`,
      };
}
