import { sh, StepError, z, type ReadContext } from 'migrate-runbook';
import type { Service } from './catalogue.ts';
import type { ServiceParams } from './params.ts';
import { targetOf, type Placed } from './place.ts';

export const jobSnapshot = z.object({ snapshot: z.string(), time: z.string() });

const listed = z.array(
  z.object({
    id: z.string(),
    time: z.string(),
    hostname: z.string(),
    paths: z.array(z.string()),
    tags: z.array(z.string()).nullish(),
  }),
);

/**
 * The snapshot that the service's own job has just taken of the new place.
 * @throws StepError `services.no-job-snapshot`
 */
export async function newestOfJob(
  service: Service,
  { host, params, run, outputs }: ReadContext<ServiceParams, { readonly place: Placed }>,
): Promise<z.output<typeof jobSnapshot>> {
  const path = targetOf(service, params);
  const { stdout } = await host.exec(
    sh.with({
      env: { RESTIC_REPOSITORY: params.repository, RESTIC_PASSWORD: params.password },
    })`restic snapshots --json --no-lock --path ${path}`,
  );
  const newest = listed
    .parse(JSON.parse(stdout))
    .filter(
      ({ hostname, paths, tags, time }) =>
        hostname === outputs.place.machine &&
        paths.includes(path) &&
        service.backup.tags.every((tag) => tags?.includes(tag)) &&
        Date.parse(time) >= Date.parse(run.startedAt),
    )
    .toSorted((one, other) => Date.parse(one.time) - Date.parse(other.time))
    .at(-1);
  if (newest !== undefined) return { snapshot: newest.id, time: newest.time };
  throw new StepError(
    'services.no-job-snapshot',
    `${service.backup.unit} has run, and the repository holds no snapshot of ${path} by ${outputs.place.machine} with the tags ${service.backup.tags.join(', ')} since this run began`,
    `See what it does: systemctl cat ${service.backup.unit}; and whether it writes to the repository that was given.`,
  );
}
