import type { Finding, Host } from 'migrate-runbook';
import {
  backupSuccess,
  checkOf,
  failedStarts,
  httpAnswers,
  postgresQuery,
  preseedFailures,
  type Measured,
} from 'migrate-runbook/operations';
import { dataDataset, type Service } from '../catalogue.ts';
import { asking, databasesSound, serverOf, unitsUp } from '../health.ts';
import { lastBackup, noPreseed, preseedUnitOf } from './backups.ts';
import { mounted, placedAs, placeNow, propertiesOf } from './data.ts';
import {
  answered,
  askAll,
  blocked,
  fail,
  isLoaded,
  partial,
  pass,
  together,
  unitProperties,
  type Question,
} from './findings.ts';

/** The datasets are there and are what the service sees. */
export function datasetsThere(service: Service): Question {
  return answered((context) =>
    askAll(
      context,
      service.datasets.map(({ name }) => mounted(service, name)),
    ),
  );
}

/** After a move no property may differ, where later it would be a warning. */
export function propertiesSet(service: Service): Question {
  const limits = { unit: 'properties', critical: 0 };
  return answered((context) =>
    askAll(
      context,
      service.datasets.map(({ name }) => propertiesOf(service, name, limits)),
    ),
  );
}

/** It is up now, will be after a boot, and answers. */
export function startsAndAnswers(service: Service): Question {
  const { health } = service;
  return answered((context) =>
    askAll(context, [
      unitsUp(service),
      ({ host }) => startAtBoot(host, service.units),
      ...(health === undefined ? [] : [httpAnswers(asking(health)).run]),
    ]),
  );
}

const atBoot = ['enabled', 'enabled-runtime', 'static', 'indirect', 'alias', 'generated', 'linked'];

export async function startAtBoot(host: Host, units: readonly string[]): Promise<Finding> {
  const off: string[] = [];
  for (const unit of units) {
    const { UnitFileState: state } = await unitProperties(host, unit, ['UnitFileState']);
    if (!atBoot.includes(state)) off.push(`${unit} is not started at boot (${state || 'no unit file'})`);
  }
  return off.length === 0 ? pass(`${units.join(', ')} will be started at boot`) : fail(off.join('; '));
}

/** By the account of the service, without writing anything: what it may do, and what its databases say. */
export function readableAndWritable(service: Service): Question {
  const sound: readonly Question[] = service.data.kind === 'files' ? [] : [databasesSound(service)];
  return answered((context) => askAll(context, [mayWrite(service), ...sound]));
}

function mayWrite(service: Service): Question {
  return async ({ host, params, signal, ...rest }) => {
    const place = await placeNow(service, { host, params, signal, ...rest });
    const { mountPoint } = placedAs(place, dataDataset(service).name);
    const at = (await host.mounts()).filter(({ point }) => point === mountPoint).at(-1);
    if (at?.options.includes('ro') === true) return fail(`${mountPoint} is mounted read-only`);
    if ((await host.files.space(mountPoint)).freeForUsers === 0) return fail(`${mountPoint} is full`);
    const { owner } = service;
    const as =
      owner === undefined
        ? []
        : ['setpriv', `--reuid=${owner.user}`, `--regid=${owner.group}`, '--init-groups', '--'];
    const paths = [mountPoint, ...service.data.mustHold.map((path) => `${mountPoint}/${path}`)];
    const denied: string[] = [];
    for (const path of paths) {
      const folder = path === mountPoint ? ['-a', '-x', path] : [];
      const argv = [...as, 'test', '-r', path, '-a', '-w', path, ...folder] as unknown as [string];
      if ((await host.exec({ argv }, { anyExit: true, signal })).exitCode !== 0) denied.push(path);
    }
    const who = owner?.user ?? 'root';
    return denied.length === 0
      ? pass(`${who} may read and write ${paths.join(', ')}`)
      : fail(`${who} may not read and write, or there is no ${denied.join(', ')}`);
  };
}

export function backupRuns(service: Service): Question {
  const { unit } = service.backup;
  return answered((context) => askAll(context, [checkOf(backupSuccess({ unit })).run, lastBackup(service)]));
}

/** It is before the service, the service cannot start without it, and it went well. */
export function preseedWorks(service: Service): Question {
  return answered(async (context) => {
    const preseed = preseedUnitOf(service, context);
    const { host } = context;
    if (!(await isLoaded(host, preseed))) return noPreseed(preseed);
    const wrong: string[] = [];
    const [unit = `${service.service}.service`] = service.units;
    const found = await unitProperties(host, unit, ['Requires', 'After']);
    for (const name of ['Requires', 'After'] as const) {
      if (!found[name].split(/\s+/).includes(preseed)) wrong.push(`${unit} has no ${name}=${preseed}`);
    }
    const depends = wrong.length === 0 ? pass(`${unit} requires ${preseed}`) : fail(wrong.join('; '));
    return askAll(context, [
      () => depends,
      checkOf(preseedFailures({ unit: preseed })).run,
      checkOf(failedStarts({ unit, preseed })).run,
    ]);
  });
}

/** Each unit whose failure must be told starts another one then, which went well the last time. */
export function failuresTold(service: Service): Question {
  return answered(async (context) => {
    const { host } = context;
    const preseed = preseedUnitOf(service, context);
    const units = [service.backup.unit, ...((await isLoaded(host, preseed)) ? [preseed] : [])];
    const questions: Question[] = [];
    const silent: Finding[] = [];
    for (const unit of units) {
      const { OnFailure: handlers } = await unitProperties(host, unit, ['OnFailure']);
      const names = handlers.split(/\s+/).filter((name) => name !== '');
      if (names.length === 0) silent.push(fail(`nothing is started when ${unit} fails`));
      questions.push(...names.map((name) => told(unit, name)));
    }
    return together([...silent, ...(await Promise.all(questions.map(async (ask) => ask(context))))]);
  });
}

function told(unit: string, handler: string): Question {
  return async (context) => {
    if (!(await isLoaded(context.host, handler)))
      return fail(`${unit} would start ${handler}, which there is not`);
    const { verdict, observed, evidence } = await checkOf(
      preseedFailures({ unit: handler, within: '100d' }),
    ).run(context);
    if (verdict !== 'PASS') return { verdict, observed: `${handler} tells of ${unit}: ${observed}` };
    return evidence?.['ended'] === 0
      ? partial(
          `${handler} tells of ${unit}, and never had to: make it fail once, or send one by migrate notify test`,
        )
      : pass(`${handler} tells of ${unit}, and went well the last time`);
  };
}

const tries = 5;

/** How long it takes to answer, the middle one of several tries. */
export function answersInTime(
  service: Service,
  limits: { readonly slowMs: number; readonly tooSlowMs: number },
): Question {
  const { health, data } = service;
  if (health === undefined && data.kind !== 'postgres') {
    return () =>
      blocked(
        'no address of it is known, so nothing can be timed',
        'Give its catalogue entry health.address.',
      );
  }
  const once: (context: Parameters<Question>[0]) => Promise<number> = async (context) => {
    if (health === undefined) {
      const server = await serverOf(service, context);
      const before = context.host.clock.now().monotonic;
      await postgresQuery(context.host, server, 'SELECT count(*) FROM pg_class');
      return context.host.clock.now().monotonic - before;
    }
    const { verdict, observed, evidence } = await httpAnswers(asking(health)).run(context);
    if (verdict !== 'PASS') throw new Error(observed);
    return Number(evidence?.['ms'] ?? Number.NaN);
  };
  return answered(async (context) => {
    const took: number[] = [];
    for (let each = 0; each < tries; each += 1) took.push(await once(context));
    const middle = took.toSorted((one, other) => one - other)[Math.floor(tries / 2)] ?? Number.NaN;
    const measured: Measured = {
      value: middle,
      observed: `${tries} tries took ${took.map(Math.round).join(', ')} ms`,
    };
    const { slowMs: warning, tooSlowMs: critical } = limits;
    const measure = { name: 'time to answer', unit: 'ms', warning, critical, measure: () => measured };
    return checkOf(measure).run(context);
  });
}
