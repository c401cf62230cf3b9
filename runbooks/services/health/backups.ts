import type { HealthCheck } from 'migrate-runbook';
import {
  backupAge,
  backupSuccess,
  checkOf,
  failedStarts,
  preseedFailures,
  preseedRuns,
  resticRestorable,
  restoreTestAge,
  restoreTestFailures,
  type Measure,
} from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import { backedUp } from '../place.ts';
import { placeNow } from './data.ts';
import { answered, askAll, blocked, isLoaded, type Asked, type Question } from './findings.ts';
import type { HealthParams } from './params.ts';

/** Of backups of a service, and of what brings it back. */
export function backupHealth(service: Service): readonly HealthCheck<HealthParams>[] {
  const { unit } = service.backup;
  return [
    { id: 'backup-age', expect: checkOf(backupAge(anyBackups)).expect, run: lastBackup(service) },
    { id: 'backup-success', ...checkOf(backupSuccess({ unit })) },
    { id: 'restore-test', expect: 'backups can be restored, and lately were', run: restored(service) },
    ...preseedHealth(service),
  ].map((check) => ({ phase: 'Backups', ...check }));
}

// For the words of a measure alone.
const anyBackups = { repository: '', password: { secret: 'file' as const, name: '' }, host: '', path: '' };

/** Backups of the place where the data lies now: those of an earlier place end with the move. */
export function lastBackup(service: Service): Question {
  return answered(async (context) => {
    const of = await backupsOf(service, context);
    return 'verdict' in of ? of : checkOf(backupAge(of)).run(context);
  });
}

/** What its unit says of itself, or, without one, a sample that is restored now. */
export function restored(service: Service): Question {
  return answered(async (context) => {
    const unit = context.params.restoreTest;
    if (unit !== undefined) {
      return askAll(
        context,
        [restoreTestAge({ unit }), restoreTestFailures({ unit })].map((each) => checkOf(each).run),
      );
    }
    const of = await backupsOf(service, context);
    return 'verdict' in of ? of : resticRestorable(of).run(context);
  });
}

async function backupsOf(service: Service, context: Asked) {
  const { repository, password } = context.params;
  if (repository === undefined || password === undefined) {
    return blocked(
      'no repository is named',
      'Name it: --set repository=… --set password=file:…; or move the service with its runbook, which keeps both.',
    );
  }
  const place = await placeNow(service, context);
  const [tag] = service.backup.tags;
  return {
    repository,
    password,
    host: place.machine,
    path: backedUp(service, context.params),
    ...(tag === undefined ? {} : { tag }),
  };
}

export function preseedUnitOf(service: Service, { params }: Pick<Asked, 'params'>): string {
  return params.preseed ?? `preseed@${service.service}.service`;
}

function preseedHealth(service: Service): readonly HealthCheck<HealthParams>[] {
  const [unit = `${service.service}.service`] = service.units;
  const of = (make: (preseed: string) => Measure) => ({
    expect: checkOf(make('')).expect,
    run: answered(async (context) => {
      const preseed = preseedUnitOf(service, context);
      return (await isLoaded(context.host, preseed))
        ? checkOf(make(preseed)).run(context)
        : noPreseed(preseed);
    }),
  });
  return [
    { id: 'preseed-failures', ...of((preseed) => preseedFailures({ unit: preseed })) },
    // As `restore-missing` tells that it swapped something in.
    { id: 'preseed-frequency', ...of((preseed) => preseedRuns({ unit: preseed, restored: 'swap: done' })) },
    { id: 'starts-after-preseed', ...of((preseed) => failedStarts({ unit, preseed })) },
  ];
}

export function noPreseed(unit: string) {
  return blocked(
    `there is no unit ${unit}`,
    'Install it: migrate run preseed. Or name another: --set preseed=…',
  );
}
