import type { HealthCheck } from 'migrate-runbook';
import {
  archiveFailures,
  checkOf,
  httpAnswers,
  journalIsQuiet,
  postgresQuery,
  sqliteSound,
  unitUp,
  walWaiting,
} from 'migrate-runbook/operations';
import { serverIn } from '../postgres/server.ts';
import { dataDataset, type Service } from './catalogue.ts';
import { backupHealth } from './health/backups.ts';
import { dataHealth, placedAs, placeNow } from './health/data.ts';
import { answered, askAll, ofProbe, pass, type Asked, type Question } from './health/findings.ts';
import type { HealthParams } from './health/params.ts';
import { targetOf } from './place.ts';

/**
 * What `migrate check SERVICE` asks of a service that was moved, by its catalogue entry: all measures with their
 * thresholds, its units, its address and its databases.
 */
export function serviceHealth(service: Service): readonly HealthCheck<HealthParams>[] {
  return [...runningHealth(service), ...dataHealth(service), ...backupHealth(service)];
}

function runningHealth(service: Service): readonly HealthCheck<HealthParams>[] {
  const { health, data } = service;
  const address: readonly HealthCheck<HealthParams>[] =
    health === undefined ? [] : [{ id: 'answers', ...httpAnswers(asking(health)) }];
  const databases: readonly HealthCheck<HealthParams>[] =
    data.kind === 'files'
      ? []
      : [{ id: 'databases', expect: databasesExpect(service), run: databasesSound(service) }];
  return [
    { id: 'units', expect: `${service.units.join(', ')} up`, run: unitsUp(service) },
    ...address,
    ...databases,
    ...(data.kind === 'postgres' ? archived(service) : []),
    { id: 'journal', expect: 'no errors in the journal for a day', run: journalQuietFor(service, dayMs) },
  ].map((check) => ({ phase: 'Service', ...check }));
}

const dayMs = 86_400_000;

export function asking({ address, contains }: NonNullable<Service['health']>) {
  // Most services have a page that leads to another, such as one for the login.
  return { address, redirects: 3, ...(contains === undefined ? {} : { contains }) };
}

export function unitsUp({ units }: Service): Question {
  return answered((context) =>
    askAll(
      context,
      units.map((unit) => ofProbe(unitUp(unit))),
    ),
  );
}

/** @param withinMs how far back, milliseconds */
export function journalQuietFor({ units }: Service, withinMs: number): Question {
  return answered((context) => {
    const since = new Date(context.host.clock.now().wall - withinMs).toISOString();
    return askAll(
      context,
      units.map((unit) => journalIsQuiet({ unit, since }).run),
    );
  });
}

export function databasesExpect({ data }: Service): string {
  return data.kind === 'postgres' ? 'the server answers' : 'every SQLite database is sound';
}

/** While the service is at work: SQLite's databases are read through its online backup. */
export function databasesSound(service: Service): Question {
  return answered(async (context) => {
    if (service.data.kind === 'postgres') {
      const [row] = await postgresQuery(
        context.host,
        await serverOf(service, context),
        'SELECT pg_is_in_recovery() AS recovering, count(*) AS databases FROM pg_database',
      );
      return pass(`it answers; it has ${row?.['databases']} databases`);
    }
    const { mountPoint } = placedAs(await placeNow(service, context), dataDataset(service).name);
    return sqliteSound({ folder: mountPoint, service: 'running' }).run(context);
  });
}

/** How to reach the server that works on the data where it lies now. */
export function serverOf(service: Service, { host, params }: Pick<Asked, 'host' | 'params'>) {
  return serverIn(host, targetOf(service, params));
}

function archived(service: Service): readonly HealthCheck<HealthParams>[] {
  const of = (make: typeof archiveFailures | typeof walWaiting) => ({
    expect: checkOf(make({ server: { socket: '/' } })).expect,
    run: answered(async (context) =>
      checkOf(make({ server: await serverOf(service, context) })).run(context),
    ),
  });
  return [
    { id: 'wal-failures', ...of(archiveFailures) },
    { id: 'wal-waiting', ...of(walWaiting) },
  ];
}
