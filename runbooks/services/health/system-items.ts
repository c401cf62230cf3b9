import type { Finding, Host } from 'migrate-runbook';
import {
  backupSuccess,
  checkOf,
  httpAnswers,
  poolCapacity,
  scrubAge,
  scrubErrors,
  thresholds,
} from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import { unitsUp } from '../health.ts';
import { startAtBoot } from './acceptance-items.ts';
import { replicated } from './data.ts';
import {
  answered,
  askAll,
  blocked,
  fail,
  isLoaded,
  partial,
  pass,
  together,
  type Question,
} from './findings.ts';

/** Those of a catalogue that this machine has. */
async function present(host: Host, services: readonly Service[]): Promise<readonly Service[]> {
  const there = await Promise.all(services.map(async ({ units: [unit = ''] }) => isLoaded(host, unit)));
  return services.filter((_, index) => there[index]);
}

const noService = blocked(
  'this machine has none of the services',
  'Name those that it has: --set services=[…]',
);

/** Every service is up, and no unit at all has failed since the boot. */
export function allStart(services: readonly Service[]): Question {
  return answered(async (context) => {
    const { host } = context;
    const there = await present(host, services);
    const argv = ['systemctl', 'list-units', '--failed', '--no-legend', '--plain'] as const;
    const { stdout } = await host.exec({ argv }, { anyExit: true });
    const failed = stdout.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
    const units = failed.length === 0 ? pass('no unit has failed') : fail(`failed: ${failed.join(', ')}`);
    if (there.length === 0) return together([noService, units]);
    return askAll(context, [
      () => units,
      ...there.flatMap((service) => [unitsUp(service), () => startAtBoot(host, service.units)]),
    ]);
  });
}

/** What must outlive a boot lies on the persistent file system, by the mount table and by symlinks. */
export function persistenceHolds(persist: string, paths: readonly string[]): Question {
  return answered(async ({ host }) => {
    const mounts = await host.mounts();
    const home = mounts.filter(({ point }) => point === persist).at(-1);
    if (home === undefined) {
      return blocked(
        `nothing is mounted at ${persist}`,
        'Name where what persists is mounted: --set persist=/…',
      );
    }
    const found = await Promise.all(
      paths.map(async (path) => {
        const real = await host.files.realPath(path);
        const at = mounts.filter(({ point }) => point === path).at(-1);
        const bound = at !== undefined && at.device === home.device;
        return { path, there: real !== undefined, kept: bound || real?.startsWith(`${persist}/`) === true };
      }),
    );
    if (!found.some(({ kept }) => kept)) {
      return blocked(
        `none of ${paths.join(', ')} comes from ${persist}: impermanence is not in use here`,
        'Name the paths that it keeps: --set persisted=[…]',
      );
    }
    const lost = found
      .filter(({ kept }) => !kept)
      .map(({ path, there }) => (there ? path : `${path} (not there)`));
    const root = mounts.filter(({ point }) => point === '/').at(-1)?.type ?? 'unknown';
    return lost.length === 0
      ? pass(`${paths.join(', ')} come from ${persist}; the root is ${root}`)
      : fail(`not from ${persist}, and lost with the root (${root}): ${lost.join(', ')}`);
  });
}

export function backupsComplete(services: readonly Service[], more: readonly string[]): Question {
  return answered(async (context) => {
    const units = [...services.map(({ backup }) => backup.unit), ...more];
    const loaded: string[] = [];
    for (const unit of units) if (await isLoaded(context.host, unit)) loaded.push(unit);
    const missing = more
      .filter((unit) => !loaded.includes(unit))
      .map((unit) => fail(`there is no unit ${unit}`));
    if (loaded.length + missing.length === 0) {
      return blocked(
        'this machine has no unit of a backup that is known',
        'Name them: --set backupUnits=[…]',
      );
    }
    const found = await askAll(
      context,
      loaded.map((unit) => checkOf(backupSuccess({ unit, within: '7d' })).run),
    );
    return loaded.length === 0 ? together(missing) : together([...missing, found]);
  });
}

const fresh = 300;

/** Prometheus is asked for its data; of anything else only that it answers can be seen. */
export function monitoringShows(address: string | undefined, query: string): Question {
  return answered(async (context) => {
    if (address === undefined) {
      return blocked('no monitoring is named', 'Name its address: --set monitoring=http://localhost:9090');
    }
    const url = `${address.replace(/\/$/, '')}/api/v1/query?query=${encodeURIComponent(query)}`;
    const asked = await httpAnswers({ address: url }).run(context);
    if (asked.verdict !== 'PASS') {
      const plain = await httpAnswers({ address, redirects: 3 }).run(context);
      return plain.verdict === 'PASS'
        ? partial(`${plain.observed}; it is no Prometheus, so its data cannot be seen from here`)
        : plain;
    }
    const argv = ['curl', '--silent', '--max-time', '10', '--noproxy', '*', url] as const;
    const { stdout } = await context.host.exec({ argv }, { anyExit: true });
    const times = timesIn(stdout);
    const newest = Math.max(...times);
    if (times.length === 0) return fail(`${url} answers without data`);
    const age = context.host.clock.now().wall / 1000 - newest;
    return age <= fresh
      ? pass(`${times.length} series of ${query}, the newest ${Math.round(age)} seconds old`)
      : fail(`the newest of ${query} is ${Math.round(age)} seconds old`);
  });
}

/** Seconds since 1970 of each value of an instant query, as Prometheus's HTTP API gives them. */
function timesIn(text: string): readonly number[] {
  try {
    const { data } = JSON.parse(text) as { data?: { result?: { value?: [number, string] }[] } };
    return (data?.result ?? []).flatMap(({ value }) => (value === undefined ? [] : [value[0]]));
  } catch {
    return [];
  }
}

async function pools(host: Host): Promise<readonly string[]> {
  const { stdout } = await host.exec({ argv: ['zpool', 'list', '-H', '-o', 'name'] });
  return stdout.split('\n').filter((name) => name !== '' && !name.startsWith('no pools'));
}

const noPool = blocked('no pool is imported', 'Import it: zpool import');

/** Of every pool, and of the other file systems that a machine cannot do without. */
export function usageExpected(): Question {
  return answered(async (context) => {
    const { host } = context;
    const names = await pools(host);
    const points = new Set(
      (await host.mounts()).filter(({ type }) => !type.includes('zfs')).map(({ point }) => point),
    );
    const others = ['/', '/nix', '/boot'].filter((point) => points.has(point)).map(fileSystemUse);
    return askAll(context, [
      ...(names.length === 0 ? [() => noPool] : []),
      ...names.map((pool) => checkOf(poolCapacity({ pool })).run),
      ...others,
    ]);
  });
}

function fileSystemUse(point: string): Question {
  return checkOf({
    name: `use of ${point}`,
    ...thresholds.capacity,
    measure: async ({ host }) => {
      const { total, freeForUsers } = await host.files.space(point);
      return { value: total === 0 ? 0 : (1 - freeForUsers / total) * 100, observed: `of ${point}` };
    },
  }).run;
}

export function scrubsRun(): Question {
  return answered(async (context) => {
    const names = await pools(context.host);
    if (names.length === 0) return noPool;
    const measures = names.flatMap((pool) => [scrubErrors({ pool }), scrubAge({ pool })]);
    return askAll(
      context,
      measures.map((each) => checkOf(each).run),
    );
  });
}

export function replicasFollow(services: readonly Service[]): Question {
  return answered(async (context) => {
    const there = await present(context.host, services);
    if (there.length === 0) return noService;
    return askAll(
      context,
      there.flatMap((service) => service.datasets.map(({ name }) => answered(replicated(service, name)))),
    );
  });
}

/** The pages are there, and say something of each service that this machine has. */
export function documented(
  flake: string | undefined,
  pages: readonly string[],
  services: readonly Service[],
): Question {
  return answered(async ({ host }): Promise<Finding> => {
    if (flake === undefined) {
      return blocked('no folder with documentation is named', 'Name the configuration: --set flake=/…');
    }
    const texts = await Promise.all(pages.map(async (page) => host.files.read(`${flake}/${page}`)));
    const missing = pages.filter((_, index) => (texts[index] ?? '').trim() === '');
    if (missing.length > 0) return fail(`not there, or empty: ${missing.join(', ')}`);
    const all = texts.join('\n').toLowerCase();
    const silent = (await present(host, services)).filter(({ service }) => !all.includes(service));
    return silent.length === 0
      ? pass(`${pages.join(', ')} in ${flake}`)
      : partial(`${pages.join(', ')} say nothing of ${silent.map(({ service }) => service).join(', ')}`);
  });
}
