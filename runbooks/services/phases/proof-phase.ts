import {
  backupAge,
  editFile,
  httpUp,
  poolCapacity,
  probeOf,
  propertyDrift,
  resticDatabases,
  resticProof,
  snapshotAge,
  unitErrors,
  unitRestarts,
  unitUp,
  zfsSnapshot,
} from 'migrate-runbook/operations';
import { jobEdits } from '../configuration.ts';
import { jobKnown, jobSnapshot, leavesOut, newestOfJob, snapshotsOfJob } from '../job.ts';
import { after, withPart } from '../parts.ts';
import { backedUp } from '../place.ts';
import { resticOf, dataAmong, serviceFile } from '../step-inputs.ts';
import { runJob } from '../steps/run-job.ts';
import { addressOf } from '../steps/start-again.ts';
import { switchOver } from '../steps/switch-over.ts';
import { worksOnDataset } from '../steps/works-in.ts';
import type { ReadContext } from 'migrate-runbook';
import type { Moving } from '../moving.ts';
import type { ServiceParams } from '../params.ts';
import type { Placed } from '../place.ts';
import type { moveOver } from './move-phase.ts';

interface Given {
  readonly place: Placed;
}

/** Snapshot, backup job, and a day or two of living with it. */
export function proveMove({ service, own }: Moving, chain: ReturnType<typeof moveOver>) {
  const { units, health } = service;
  const before = after('before', own.before);
  const restoredFrom = (
    context: ReadContext<ServiceParams, unknown, undefined>,
    snapshot: string,
    folder: string,
  ) => {
    const paths = own.databases?.(context.outputs, context.params) ?? [];
    const databases = paths.map((path) => `${folder}/${path}`);
    return resticDatabases<ServiceParams, unknown>({
      ...resticOf(context.params),
      snapshot,
      databases,
    }).run(context);
  };

  return withPart(chain, 'up', own.up, ['on-dataset', ...before], before)
    .phase('Prove')
    .step('snapshot', {
      title: 'The first snapshot',
      needs: ['place', 'on-dataset', ...after('up', own.up)],
      use: zfsSnapshot,
      with: ({ outputs, run }) => ({
        datasets: outputs.place.datasets.map(({ dataset }) => dataset),
        name: `migrate-${run.id}`,
      }),
    })
    .step('job', {
      title: 'Point its backup job to the new place',
      needs: ['snapshot'],
      use: editFile,
      with: ({ params: p }) => ({ path: serviceFile(p), replace: jobEdits(service, p) }),
    })
    .step('job-switch', {
      needs: ['job'],
      ...switchOver(),
    })
    .step('job-known', {
      title: 'Note which backups of the new place there are',
      needs: ['place', 'job-switch'],
      readonly: true,
      idempotent: true,
      output: jobKnown,
      describe: ({ params: p }) => `list the snapshots of ${backedUp(service, p)}`,
      run: async (context) => ({
        known: (await snapshotsOfJob(service, context)).map(({ snapshot }) => snapshot),
      }),
    })
    .step('job-runs', {
      title: 'Run the job once',
      needs: ['job-known'],
      ...runJob(service),
    })
    .step('job-snapshot', {
      title: 'It has backed up the new place',
      needs: ['place', 'job-known', 'job-runs'],
      readonly: true,
      idempotent: true,
      output: jobSnapshot,
      describe: ({ params: p }) => `find the snapshot of ${backedUp(service, p)} that the job has just taken`,
      run: (context) => newestOfJob(service, context, context.outputs['job-known'].known),
    })
    .check('job-excludes', {
      title: 'It leaves out what nobody wants back',
      needs: ['job-snapshot'],
      expect: service.backup.excludes.join(', ') || 'anything',
      run: ({ outputs }) => leavesOut(service, outputs['job-snapshot'].excludes),
    })
    .step('prove-job', {
      title: 'Restore a sample of it',
      needs: ['job-snapshot', 'job-excludes'],
      use: resticProof,
      with: ({ params: p, outputs, run }) => ({
        ...resticOf(p),
        snapshot: outputs['job-snapshot'].snapshot,
        seed: run.id,
      }),
    })
    .check('job-databases', {
      title: 'The databases in it are sound once they are restored',
      needs: ['job-snapshot', 'prove-job', ...after('at-rest', own.atRest)],
      when: () => own.databases !== undefined,
      expect: 'sound, though the service was at work meanwhile',
      run: async (context) => {
        const folder = backedUp(service, context.params);
        const found = await restoredFrom(context, context.outputs['job-snapshot'].snapshot, folder);
        if (found.verdict !== 'FAIL') return found;
        return {
          ...found,
          // It hits one run in some; what may go is decided by the backup at rest.
          verdict: 'PARTIAL',
          observed: `${found.observed}\nThe job reads the files of a service at work, so its backups may be torn: have it back up a ZFS snapshot, or stop the service for it`,
        };
      },
    })
    .step('prove-at-rest', {
      title: 'Restore a sample of the backup at rest',
      needs: ['prove-job', 'job-databases', 'backup-at-rest'],
      use: resticProof,
      with: ({ params: p, outputs, run }) => ({
        ...resticOf(p),
        snapshot: outputs['backup-at-rest'].snapshot,
        seed: run.id,
      }),
    })
    .check('databases-at-rest', {
      title: 'The databases in it are sound once they are restored',
      needs: ['prove-at-rest', 'backup-at-rest', ...after('at-rest', own.atRest)],
      when: () => own.databases !== undefined,
      expect: 'sound, since nothing wrote to them',
      run: (context) =>
        restoredFrom(context, context.outputs['backup-at-rest'].snapshot, context.params.source),
    })
    .soak('settle', {
      title: 'Live with it for a day or two',
      needs: ['place', 'prove-at-rest', 'databases-at-rest'],
      min: ({ params: p }) => p.soakMin,
      max: ({ params: p }) => p.soakMax,
      maxGap: '15m',
      fresh: ['prove-at-rest'],
      probes: [
        ...(health === undefined ? [] : [httpUp(addressOf(service))]),
        ...units.flatMap((unit) => [unitUp(unit), unitRestarts(unit), unitErrors(unit)]),
        probeOf(poolCapacity<ServiceParams, Given>(({ outputs }) => ({ pool: outputs.place.pool }))),
        probeOf(
          propertyDrift<ServiceParams, Given>(({ outputs }) => {
            const { dataset, properties } = dataAmong(outputs.place);
            return { dataset, properties };
          }),
          { from: 'warning' },
        ),
        probeOf(
          backupAge<ServiceParams, Given>(({ params: p, outputs }) => ({
            ...resticOf(p),
            host: outputs.place.machine,
            path: backedUp(service, p),
          })),
        ),
        {
          name: 'it works on its dataset',
          check: async (context) => {
            const found = await worksOnDataset(service)(context);
            return found.verdict !== 'FAIL' || found.observed;
          },
        },
        ...(service.snapshots === 'automatic'
          ? [
              probeOf(
                snapshotAge<ServiceParams, Given>(({ outputs }) => ({
                  dataset: dataAmong(outputs.place).dataset,
                })),
                { from: 'warning' },
              ),
            ]
          : []),
        ...(own.probes ?? []),
      ],
    });
}
