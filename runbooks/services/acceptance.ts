import { runbook, z } from 'migrate-runbook';
import { serviceOf, type ServiceEntry } from './catalogue.ts';
import { journalQuietFor } from './health.ts';
import {
  answersInTime,
  backupRuns,
  datasetsThere,
  failuresTold,
  preseedWorks,
  propertiesSet,
  readableAndWritable,
  startsAndAnswers,
} from './health/acceptance-items.ts';
import { restored } from './health/backups.ts';
import type { Question } from './health/findings.ts';
import { acceptanceShape } from './health/acceptance-params.ts';

const dayMs = 86_400_000;

/**
 * The runbook of checks by which a moved service is accepted, for any service of a catalogue.
 * @throws UsageError `services.entry` for an entry that does not fit
 */
export function serviceAcceptance(entries: Readonly<Record<string, ServiceEntry>>) {
  const services = new Map(Object.entries(entries).map(([name, entry]) => [name, serviceOf(entry)]));
  const params = z.object({
    service: z.enum([...services.keys()] as [string, ...string[]]).describe('The service that was moved'),
    ...acceptanceShape,
    slowMs: z.number().positive().default(1_000).describe('Milliseconds to answer beyond which it is slow'),
    tooSlowMs: z.number().positive().default(5_000).describe('Milliseconds beyond which that is a failure'),
  });
  type Params = z.output<typeof params>;
  const of =
    (ask: (service: ReturnType<typeof serviceOf>, p: Params) => Question) =>
    (context: Parameters<Question>[0] & { readonly params: Params }) => {
      const { service: name } = context.params;
      const service = services.get(name);
      if (service === undefined) throw new Error(`there is no service ${name}`);
      return ask(service, context.params)(context);
    };
  const onFailure = 'continue' as const;

  return runbook('service-acceptance', {
    summary: 'Accept a service that was moved onto ZFS: ten checks',
    params,
    root: true,
  })
    .phase('ZFS')
    .check('dataset', {
      title: 'Dataset created',
      expect: 'each dataset is there, and mounted at its own mount point alone',
      onFailure,
      run: of(datasetsThere),
    })
    .check('properties', {
      title: 'Properties set',
      expect: 'each property as the catalogue has it',
      onFailure,
      run: of(propertiesSet),
    })
    .phase('Service')
    .check('starts', {
      title: 'Service starts',
      expect: 'its units are up, are started at boot, and its address answers',
      onFailure,
      run: of(startsAndAnswers),
    })
    .check('data', {
      title: 'Data readable and writable',
      expect: 'its account may read and write what makes the data, and its databases are sound',
      onFailure,
      run: of(readableAndWritable),
    })
    .phase('Backups')
    .check('backup', {
      title: 'Backup job runs',
      expect: 'the unit went well, and a backup of the new place is at most a day old',
      onFailure,
      run: of(backupRuns),
    })
    .check('restore', {
      title: 'Restore test successful',
      expect: 'a sample of the newest backup can be restored, or the unit that tests it went well',
      onFailure,
      run: of(restored),
    })
    .check('preseed', {
      title: 'Preseed automation works',
      expect: 'the service requires it, it went well, and the service started after it',
      onFailure,
      run: of(preseedWorks),
    })
    .check('notifications', {
      title: 'Notifications fire',
      expect: 'a failure of the backup and of the preseed starts a unit that tells it, which went well',
      onFailure,
      run: of(failuresTold),
    })
    .phase('Running')
    .check('journal', {
      title: 'No errors in the journal',
      expect: 'none for a day',
      onFailure,
      run: of((service) => journalQuietFor(service, dayMs)),
    })
    .check('performance', {
      title: 'Performance acceptable',
      expect: 'it answers within slowMs, the middle one of five tries',
      onFailure,
      run: of(answersInTime),
    });
}
