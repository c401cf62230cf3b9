import { runbook, z, type RunbookBuilder } from 'migrate-runbook';
import {
  backupAge,
  copyPreview,
  copyTree,
  editFile,
  freezeUnits,
  httpHealth,
  httpUp,
  identifyTree,
  journalIsQuiet,
  nixosRebuild,
  poolCapacity,
  probeOf,
  propertyDrift,
  removeTree,
  resticBackup,
  resticProof,
  restartUnits,
  startUnits,
  unitErrors,
  unitRestarts,
  unitUp,
  verifyTree,
  zfsDataset,
  zfsPool,
  zfsSnapshot,
} from 'migrate-runbook/operations';
import { serviceOf, type ServiceEntry } from './catalogue.ts';
import { jobEdits, pointEdits } from './configuration.ts';
import { withFurtherDatasets } from './further-datasets.ts';
import { serviceHealth } from './health.ts';
import { jobKnown, jobSnapshot, leavesOut, newestOfJob, snapshotsOfJob } from './job.ts';
import type { Kind, Part } from './kind.ts';
import { kindOf } from './kinds.ts';
import { serviceParams, type ServiceParams } from './params.ts';
import { backedUp, datasetsClaimed, findPlace, placed, targetOf, type Placed } from './place.ts';
import { dataThere, editsFit, fits, shownNowhere, targetsFree, unitsHeld, unitsWork } from './preflight.ts';
import { rehearsalOf } from './rehearsal.ts';
import { releaseUnits } from './release-units.ts';
import { copyOf, dataAmong, manifestOf, mountedAs, rebuild, resticOf, serviceFile } from './step-inputs.ts';

interface Given {
  readonly place: Placed;
}

/**
 * The runbook that moves a service's data onto ZFS datasets of its own.
 *
 * @param entry the service, as data; see docs/services.md
 * @param kind steps that only services of its kind have; those for its kind of data when left out
 * @throws UsageError `services.entry` when the entry does not fit
 */
export function serviceRunbook(entry: ServiceEntry, kind?: Kind) {
  const service = serviceOf(entry);
  const own = kind ?? kindOf(service);
  const { units, health } = service;
  const params = serviceParams(service);
  const contains = health?.contains === undefined ? {} : { contains: health.contains };

  const start = runbook(service.service, {
    summary: `Move the data of ${service.service} onto ${service.datasets.length === 1 ? 'a ZFS dataset' : 'ZFS datasets'} of its own`,
    params,
    tools: [
      ...'zfs zpool rsync restic curl systemctl findmnt du stat nixos-rebuild nix-env nix-store'.split(' '),
      ...(own.tools ?? []),
    ],
    root: true,
    claims: ({ params: p }) => [
      { kind: 'path', path: p.source, role: 'source' },
      ...service.datasets.map(({ name }) => ({
        kind: 'path' as const,
        path: `${p.mount}/${name}`,
        role: 'target' as const,
      })),
      ...datasetsClaimed(service, p).map((dataset) => ({ kind: 'dataset' as const, dataset })),
      ...units.map((unit) => ({ kind: 'unit' as const, unit })),
    ],
    health: serviceHealth(service),
    ...rehearsalOf(service),
  });

  const preflight = start
    .phase('Preflight')
    .step('place', {
      title: 'Where the data goes on this machine',
      readonly: true,
      output: placed,
      describe: () =>
        'find the parent dataset, and ask the pool whether it supports the properties that are wanted',
      run: (context) => findPlace(service, context),
    })
    .step('pool', {
      title: 'The pool is sound and has room',
      needs: ['place'],
      use: zfsPool,
      with: ({ outputs: { place } }) => ({
        pool: place.pool,
        parent: place.parent,
        properties: dataAmong(place).properties,
      }),
    })
    .check('units', {
      title: 'Its units are known, and work',
      expect: `${units.join(', ')}: active`,
      run: ({ host }) => unitsWork(host, units),
    })
    .check('data', {
      title: 'Its data is there',
      expect: 'the folder, with what makes it data of this service',
      run: ({ host, params: p }) => dataThere(host, service, p),
    })
    .check('free', {
      title: 'Nothing else is at the new place',
      needs: ['place'],
      expect: 'no other mount there, and no data that would be covered',
      run: ({ host, outputs }) => targetsFree(host, outputs.place),
    })
    .check('edits', {
      title: 'The configuration can be edited, to the last step',
      needs: ['place'],
      expect: 'each text that is replaced is there exactly once',
      run: ({ host, params: p, outputs }) => editsFit(host, service, p, outputs.place),
    })
    .check('room', {
      title: 'The data fits into the pool',
      needs: ['pool', 'data'],
      expect: 'a tenth more room than it takes',
      run: ({ host, params: p, outputs }) => fits(host, p, outputs.pool.available),
    })
    .step('answers-before', {
      title: 'It answers today',
      needs: ['units'],
      when: () => health !== undefined,
      use: httpHealth,
      with: () => ({ address: health?.address ?? '', ...contains, redirects: 5, retries: 5 }),
    })
    .step('identity', {
      title: 'Remember which tree is the old one',
      needs: ['units', 'data', 'free', 'edits', 'room', 'answers-before'],
      use: identifyTree,
      with: ({ params: p }) => ({ path: p.source }),
    });

  const prepared = withPart(preflight, 'before', own.before, ['identity'])
    .phase('Backup')
    .step('backup', {
      title: 'Back it up, while it is at work',
      needs: ['place', 'identity', ...after('before', own.before)],
      use: resticBackup,
      with: ({ params: p, outputs, run }) => ({
        ...resticOf(p),
        paths: [own.backup?.(p, run) ?? p.source],
        host: outputs.place.machine,
        tags: ['pre-migration', service.service],
      }),
    })
    .step('prove-backup', {
      title: 'Restore a sample of the backup',
      needs: ['backup'],
      use: resticProof,
      with: ({ params: p, outputs, run }) => ({
        ...resticOf(p),
        snapshot: outputs.backup.snapshot,
        seed: run.id,
      }),
    })

    .phase('Copy')
    .step('dataset', {
      title: 'Its dataset',
      needs: ['place', 'prove-backup'],
      use: zfsDataset,
      with: ({ params: p, outputs }) => {
        const { dataset, mountPoint, properties } = dataAmong(outputs.place);
        return { dataset, mountPoint, properties, drift: p.drift };
      },
    });
  const withDatasets = withFurtherDatasets(prepared, service);

  const copied = withDatasets.chain
    .step('fits', {
      title: 'It fits: bytes and inodes',
      needs: ['dataset', ...withDatasets.ids],
      use: copyPreview,
      with: ({ params: p, outputs }) => ({
        from: p.source,
        to: targetOf(service, p),
        expectMount: mountedAs(outputs.dataset),
      }),
    })
    .step('warm-copy', {
      title: 'Copy while the service is at work',
      needs: ['dataset', 'fits'],
      use: copyTree,
      with: ({ params: p, run, outputs }) => ({
        ...copyOf(service, p, run, outputs.dataset),
        pass: 'warm' as const,
      }),
    })

    .phase('Move')
    .confirm('stop', {
      title: 'Ready to stop the service',
      needs: ['warm-copy'],
      ask: () => `Shall ${units.join(', ')} stop now, for the last copy?`,
    })
    .step('freeze', {
      title: 'Stop it, and keep it from being started',
      needs: ['stop'],
      use: freezeUnits,
      with: () => ({ units }),
    });

  const verified = withPart(copied, 'at-rest', own.atRest, ['freeze'])
    .step('backup-at-rest', {
      title: 'Back it up at rest, which alone is proof',
      needs: ['place', 'freeze', ...after('at-rest', own.atRest)],
      use: resticBackup,
      with: ({ params: p, outputs }) => ({
        ...resticOf(p),
        paths: [p.source],
        host: outputs.place.machine,
        tags: ['pre-migration', 'at-rest', service.service],
      }),
    })
    .step('final-copy', {
      title: 'Copy what changed since',
      needs: ['dataset', 'backup-at-rest'],
      use: copyTree,
      with: ({ params: p, run, outputs }) => ({
        ...copyOf(service, p, run, outputs.dataset),
        pass: 'final' as const,
      }),
    })
    .step('verify-copy', {
      title: 'Read every byte of the copy and compare, with owners and modes',
      needs: ['dataset', 'final-copy'],
      use: verifyTree,
      with: ({ params: p, run, outputs }) => ({
        target: targetOf(service, p),
        manifest: manifestOf(run),
        expectMount: mountedAs(outputs.dataset),
      }),
    });

  const pointed = withPart(verified, 'copied', own.copied, ['verify-copy'])
    .check('at-rest', {
      title: 'Nothing was written to the old folder since',
      needs: ['verify-copy', ...after('copied', own.copied)],
      expect: `${units.join(', ')}: down and masked`,
      run: ({ host }) => unitsHeld(host, units),
    })
    .step('point', {
      title: 'Point the service to the new place',
      needs: ['place', 'at-rest'],
      use: editFile,
      with: ({ params: p, outputs }) => ({
        path: serviceFile(p),
        replace: pointEdits(service, p, outputs.place),
      }),
    })
    .step('switch', {
      title: 'Switch to that configuration',
      needs: ['point'],
      timeout: '6h',
      use: nixosRebuild,
      with: ({ params: p }) => rebuild(p),
    })
    .check('still-at-rest', {
      title: 'Nothing was written to the old folder meanwhile',
      needs: ['switch'],
      expect: `${units.join(', ')}: down and masked`,
      run: ({ host }) => unitsHeld(host, units),
    })
    .step('release', {
      title: 'Let it be started again',
      needs: ['still-at-rest'],
      use: releaseUnits,
      with: () => ({ units }),
    })
    .step('moment', {
      title: 'Note the time',
      needs: ['release'],
      readonly: true,
      output: z.object({ since: z.string() }),
      describe: () => 'read the clock',
      run: async ({ host }) => ({ since: new Date(host.clock.now().wall).toISOString() }),
    })
    .step('start', {
      title: 'Start it',
      needs: ['moment'],
      use: startUnits,
      with: () => ({ units }),
    })
    .step('answers', {
      title: 'It answers',
      needs: ['start'],
      when: () => health !== undefined,
      use: httpHealth,
      with: () => ({
        address: health?.address ?? '',
        ...contains,
        redirects: 5,
        retries: 60,
        every: '1s' as const,
        deadline: '3m' as const,
      }),
    })
    .check('quiet', {
      title: 'No errors in its journal since',
      needs: ['answers', 'moment'],
      expect: 'no errors',
      run: async (context) => {
        for (const unit of units) {
          const found = await journalIsQuiet({ unit, since: context.outputs.moment.since }).run(context);
          if (found.verdict !== 'PASS') return found;
        }
        return { verdict: 'PASS', observed: `no errors of ${units.join(', ')}` };
      },
    });

  return withPart(pointed, 'up', own.up, ['quiet'])
    .phase('Prove')
    .step('snapshot', {
      title: 'The first snapshot',
      needs: ['place', 'quiet', ...after('up', own.up)],
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
      title: 'Switch to that configuration',
      needs: ['job'],
      timeout: '6h',
      use: nixosRebuild,
      with: ({ params: p }) => rebuild(p),
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
      timeout: '1d',
      use: restartUnits,
      with: () => ({ units: [service.backup.unit] }),
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
    .step('prove-at-rest', {
      title: 'Restore a sample of the backup at rest',
      needs: ['prove-job', 'backup-at-rest'],
      use: resticProof,
      with: ({ params: p, outputs, run }) => ({
        ...resticOf(p),
        snapshot: outputs['backup-at-rest'].snapshot,
        seed: run.id,
      }),
    })
    .soak('settle', {
      title: 'Live with it for a day or two',
      needs: ['place', 'prove-at-rest'],
      min: ({ params: p }) => p.soakMin,
      max: ({ params: p }) => p.soakMax,
      maxGap: '15m',
      fresh: ['prove-at-rest'],
      probes: [
        ...(health === undefined ? [] : [httpUp({ address: health.address, ...contains, redirects: 5 })]),
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
        ...(own.probes ?? []),
      ],
    })

    .phase('Clean up')
    .step('undeclare', {
      title: 'Take the declaration away that binds the old folder elsewhere',
      needs: ['settle'],
      when: ({ params: p }) => p.impermanence !== undefined,
      use: editFile,
      with: ({ params: p }) => ({
        path: `${p.flake}/${p.impermanence?.file}`,
        replace: { from: p.impermanence?.text ?? '', to: '' },
      }),
    })
    .step('undeclare-switch', {
      title: 'Switch to that configuration',
      needs: ['undeclare'],
      when: ({ params: p }) => p.impermanence !== undefined,
      timeout: '6h',
      use: nixosRebuild,
      with: ({ params: p }) => rebuild(p),
    })
    .check('let-go', {
      title: 'Nothing shows the old folder elsewhere',
      needs: ['settle', 'undeclare-switch'],
      expect: 'no mount of it, such as impermanence makes',
      run: ({ host, params: p }) => shownNowhere(host, service, p),
    })
    .step('cleanup', {
      title: 'Delete the old folder',
      needs: ['let-go', 'identity', 'prove-at-rest'],
      irreversible: `the old folder is gone; what is left is the dataset and the proven backup. The way back is then a copy of the dataset, verified: docs/services.md`,
      use: removeTree,
      with: ({ params: p, outputs, run }) => ({
        path: p.source,
        identity: outputs.identity,
        newCopy: targetOf(service, p),
        manifest: manifestOf(run),
        // What a service rotates and deletes while one lives with it.
        missing: 'accept' as const,
        backup: { ...resticOf(p), proof: outputs['prove-at-rest'], maxAge: p.backupMaxAge },
        expendable: (own.expendable ?? []).map((path) => `${p.source}/${path}`),
      }),
    });
}

/** Puts a group in its place. Its types are those that the parameters give, and it adds outputs that nothing here asks for. */
function withPart<Params, Steps extends Readonly<Record<string, unknown>>>(
  chain: RunbookBuilder<Params, Steps>,
  prefix: string,
  part: Part | undefined,
  needs: readonly (keyof Steps & string)[],
): RunbookBuilder<Params, Steps> {
  if (part === undefined) return chain;
  const use = chain.use.bind(chain) as (fragment: Part['steps'], options: object) => unknown;
  return use(part.steps, { prefix, needs }) as RunbookBuilder<Params, Steps>;
}

/** Ids of a group for `needs`; typed as none, since the chain does not know them. */
function after(prefix: string, part: Part | undefined): readonly never[] {
  return (part?.last ?? []).map((id) => `${prefix}-${id}`) as never[];
}
