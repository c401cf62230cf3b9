import { absolutePath, runbook, z } from 'migrate-runbook';
import { serviceOf } from './services/catalogue.ts';
import { entries } from './services/entries.ts';
import { acceptanceShape } from './services/health/acceptance-params.ts';
import type { Question } from './services/health/findings.ts';
import {
  allStart,
  backupsComplete,
  documented,
  monitoringShows,
  persistenceHolds,
  replicasFollow,
  scrubsRun,
  usageExpected,
} from './services/health/system-items.ts';

const all = Object.values(entries).map((entry) => serviceOf(entry));
const names = all.map(({ service }) => service) as [string, ...string[]];
const { repository: _, password: __, ...shape } = acceptanceShape;

const params = z.object({
  ...shape,
  services: z
    .array(z.enum(names))
    .default(names)
    .describe('Services that count, as far as this machine has them'),
  backupUnits: z.array(z.string()).default([]).describe('Further backup jobs, which must be there'),
  persist: absolutePath.default('/persist').describe('Where what outlives a boot is mounted'),
  persisted: z
    .array(absolutePath)
    .default(['/var/lib/nixos', '/var/lib/systemd', '/etc/machine-id'])
    .describe('Paths that must outlive a boot'),
  monitoring: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Address of the monitoring; of Prometheus its data is looked at too'),
  monitoringQuery: z.string().default('up').describe('What Prometheus is asked for'),
  flake: absolutePath.optional().describe('Folder of the configuration, with its documentation'),
  documentation: z
    .array(z.string())
    .default([
      'docs/storage-architecture.md',
      'docs/restore-procedures.md',
      'docs/backup-system-onboarding.md',
    ])
    .describe('Pages that must be there, within flake'),
});
type Params = z.output<typeof params>;

const of =
  (ask: (p: Params, services: typeof all) => Question) =>
  (context: Parameters<Question>[0] & { readonly params: Params }) => {
    const { services } = context.params;
    return ask(
      context.params,
      all.filter(({ service }) => services.includes(service)),
    )(context);
  };
const onFailure = 'continue' as const;

export default runbook('system-acceptance', {
  summary: 'Accept a machine whose services were moved onto ZFS: eight checks',
  params,
  root: true,
})
  .phase('Boot')
  .check('boot', {
    title: 'All services start on boot',
    expect: 'each service is up and is started at boot, and no unit has failed',
    onFailure,
    run: of((_, services) => allStart(services)),
  })
  .check('impermanence', {
    title: 'Impermanence still functions',
    expect: 'what must outlive a boot lies on the file system that does',
    onFailure,
    run: of((p) => persistenceHolds(p.persist, p.persisted)),
  })
  .phase('Backups')
  .check('backups', {
    title: 'Backups complete successfully',
    expect: 'of the runs of each job in a week, 95 in a hundred went well',
    onFailure,
    run: of((p, services) => backupsComplete(services, p.backupUnits)),
  })
  .phase('Running')
  .check('monitoring', {
    title: 'Monitoring shows data',
    expect: 'its data is at most five minutes old',
    onFailure,
    run: of((p) => monitoringShows(p.monitoring, p.monitoringQuery)),
  })
  .check('disk-usage', {
    title: 'Disk usage as expected',
    expect: 'every pool and file system at most 80 % full; critical above 90 %',
    onFailure,
    run: of(() => usageExpected()),
  })
  .check('scrub', {
    title: 'Scrubs run',
    expect: 'of every pool, not more than 35 days ago, without errors left',
    onFailure,
    run: of(() => scrubsRun()),
  })
  .check('replication', {
    title: 'Replication lag acceptable',
    expect: 'of every dataset at most 12 hours; critical above 24',
    onFailure,
    run: of((_, services) => replicasFollow(services)),
  })
  .check('documentation', {
    title: 'Documentation generated',
    expect: 'the pages are there, and tell of each service',
    onFailure,
    run: of((p, services) => documented(p.flake, p.documentation, services)),
  });
