import { StepError, type Finding, type HealthCheck } from 'migrate-runbook';
import {
  checkOf,
  datasetCapacity,
  poolCapacity,
  poolOf,
  propertyDrift,
  scrubAge,
  scrubErrors,
  snapshotAge,
  snapshotCount,
  snapshotLag,
  zfsList,
  zfsProperties,
  type Limits,
  type Measure,
} from 'migrate-runbook/operations';
import type { Service } from '../catalogue.ts';
import { findPlace, namedPlace, type Placed, type PlacedDataset } from '../place.ts';
import { answered, blocked, fail, pass, type Asked, type Question } from './findings.ts';
import type { HealthParams } from './params.ts';

type Check = HealthCheck<HealthParams>;
type Asks = Pick<Check, 'expect' | 'run'>;

/** Where a service's data is now, by its catalogue entry and this machine's pools. */
export function placeNow(service: Service, { host, params }: Asked): Promise<Placed> {
  return namedPlace(service, { host, params });
}

const nowhere: Placed = { parent: '', pool: '', machine: '', datasets: [], substituted: [] };
const noDataset: PlacedDataset = { name: '', dataset: '', mountPoint: '', properties: {} };

/** Of the pool and of each dataset of a service. */
export function dataHealth(service: Service): readonly Check[] {
  const pool = (make: (place: Placed) => Measure) => inPlace(service, make);
  return [
    { id: 'pool-capacity', ...pool(({ pool: name }) => poolCapacity({ pool: name })) },
    { id: 'pool-errors', ...pool(({ pool: name }) => scrubErrors({ pool: name })) },
    { id: 'pool-scrub', ...pool(({ pool: name }) => scrubAge({ pool: name })) },
    ...service.datasets.flatMap((one) => datasetHealth(service, one)),
  ].map((check) => ({ phase: 'ZFS', ...check }));
}

function datasetHealth(
  service: Service,
  { name, properties }: Service['datasets'][number],
): readonly Check[] {
  const of = (make: (dataset: PlacedDataset) => Measure) =>
    inPlace(service, (place) => make(placedAs(place, name)));
  const snapshots: readonly Check[] =
    properties['com.sun:auto-snapshot'] === 'false'
      ? []
      : [
          { id: `snapshot-age-${name}`, ...of(({ dataset }) => snapshotAge({ dataset })) },
          { id: `snapshots-${name}`, ...of(({ dataset }) => snapshotCount({ dataset })) },
        ];
  return [
    { id: `mounted-${name}`, expect: mountedExpect, run: answered(mounted(service, name)) },
    { id: `capacity-${name}`, ...of(({ dataset }) => datasetCapacity({ dataset })) },
    {
      id: `properties-${name}`,
      expect: checkOf(propertyDrift(noDataset)).expect,
      run: answered(propertiesOf(service, name)),
    },
    ...snapshots,
    {
      id: `replication-${name}`,
      expect: checkOf(snapshotLag({ from: '', to: '' })).expect,
      run: answered(replicated(service, name)),
    },
  ];
}

/**
 * @param limits its own; a drift is a warning where they are left out
 */
export function propertiesOf(service: Service, name: string, limits?: Limits): Question {
  return async (context) => {
    const { dataset, properties } = placedAs(await findPlace(service, context), name);
    return checkOf(propertyDrift({ dataset, properties }, limits)).run(context);
  };
}

/** A measure of what lies at a place that only the machine knows. */
function inPlace(service: Service, make: (place: Placed) => Measure): Asks {
  return {
    expect: checkOf(make(nowhere)).expect,
    run: answered(async (context) => checkOf(make(await placeNow(service, context))).run(context)),
  };
}

export function placedAs({ datasets }: Placed, name: string): PlacedDataset {
  return datasets.find((each) => each.name === name) ?? noDataset;
}

export const mountedExpect = 'the dataset is there, and mounted at its own mount point alone';

/** By the dataset and by the mount table: one of them alone does not tell which data the service sees. */
export function mounted(service: Service, name: string): Question {
  return async (context) => {
    const { dataset, mountPoint } = placedAs(await placeNow(service, context), name);
    const found = await zfsProperties(context.host, dataset, ['guid', 'mountpoint', 'mounted']);
    if (found === undefined) return fail(`there is no dataset ${dataset}`);
    const at = (await context.host.mounts()).filter(({ point }) => point === mountPoint).at(-1);
    const { guid, mountpoint } = found;
    const evidence = { dataset, guid: guid.value, mountPoint };
    if (mountpoint.value !== mountPoint) {
      return {
        ...fail(`${dataset} has the mount point ${mountpoint.value}, and not ${mountPoint}`),
        evidence,
      };
    }
    if (at?.source !== dataset) {
      const there = at === undefined ? 'nothing is mounted' : `${at.source} is mounted`;
      return { ...fail(`at ${mountPoint} ${there}, and not ${dataset}`), evidence };
    }
    return { ...pass(`${dataset} (GUID ${guid.value}) is mounted at ${mountPoint}`), evidence };
  };
}

export function replicated(service: Service, name: string): Question {
  return async (context): Promise<Finding> => {
    const { dataset } = placedAs(await placeNow(service, context), name);
    const { replica } = context.params;
    const to = replica === undefined ? await replicaOf(context, dataset) : `${replica}/${name}`;
    if (to === undefined) {
      return blocked(
        `no other pool of this machine has a snapshot of ${dataset}`,
        'Replicate it: migrate run zfs-replication. Where its replica is known and has no snapshot of it any more: --set replica=POOL/DATASET',
      );
    }
    return checkOf(snapshotLag({ from: dataset, to })).run(context);
  };
}

/** The dataset of another pool that has most of the dataset's snapshots, by their GUIDs. */
async function replicaOf({ host }: Asked, dataset: string): Promise<string | undefined> {
  const own = await zfsList(host, dataset, { depth: 1 });
  if (own.length === 0) {
    throw new StepError('services.no-dataset', `there is no dataset ${dataset}`, 'See: zfs list');
  }
  const guids = new Set(own.filter(({ kind }) => kind === 'snapshot').map(({ guid }) => guid));
  const pools = await host.exec({ argv: ['zpool', 'list', '-H', '-o', 'name'] });
  const counts = new Map<string, number>();
  for (const pool of pools.stdout.split('\n').filter((each) => each !== '' && each !== poolOf(dataset))) {
    for (const { kind, guid, name } of await zfsList(host, pool)) {
      if (kind !== 'snapshot' || !guids.has(guid)) continue;
      const replica = name.slice(0, name.indexOf('@'));
      counts.set(replica, (counts.get(replica) ?? 0) + 1);
    }
  }
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0];
}
