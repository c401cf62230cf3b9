import { StepError, z, type Host, type ReadContext } from 'migrate-runbook';
import { poolOf, zfsProperties, zfsUnsupported } from 'migrate-runbook/operations';
import { dataDataset, type Service } from './catalogue.ts';
import { detectParent, hosts, parents } from './hosts.ts';
import type { ServiceParams } from './params.ts';

/** Where a service's data goes on this machine. */
export const placed = z.object({
  parent: z.string(),
  pool: z.string(),
  /** Name of the machine, under which its backups are kept. */
  machine: z.string(),
  datasets: z
    .array(
      z.object({
        name: z.string(),
        dataset: z.string(),
        mountPoint: z.string(),
        properties: z.record(z.string(), z.string()),
      }),
    )
    .readonly(),
  /** What this pool does not support, and what was taken in its place. */
  substituted: z.array(z.string()).readonly(),
});
export type Placed = z.output<typeof placed>;
export type PlacedDataset = Placed['datasets'][number];

/** The parameters by which it is found out. */
export type PlaceParams = Pick<
  ServiceParams,
  'parent' | 'host' | 'mount' | 'substitute' | 'backupHost' | 'flakeHost'
>;

/** Where the data will be, in every mode. */
export function targetOf(service: Service, { mount }: Pick<ServiceParams, 'mount'>): string {
  return mountPointOf(dataDataset(service).name, { mount });
}

/** What its job backs up once the data has moved. */
export function backedUp(service: Service, { mount }: Pick<ServiceParams, 'mount'>): string {
  const { folder } = service.backup;
  if (folder === undefined) return targetOf(service, { mount });
  return folder.replaceAll('{mount}/', mountPointOf('', { mount }));
}

export function mountPointOf(name: string, { mount }: Pick<ServiceParams, 'mount'>): string {
  return `${mount === '/' ? '' : mount}/${name}`;
}

/** The parent that the parameters name; undefined where the machine has to tell. */
export function givenParent({ parent, host }: Pick<ServiceParams, 'parent' | 'host'>): string | undefined {
  return parent ?? (host === undefined ? undefined : hosts[host]);
}

/** Datasets that a run may make; all that come into question while nobody has asked the machine. */
export function datasetsClaimed(
  service: Service,
  p: Pick<ServiceParams, 'parent' | 'host'>,
): readonly string[] {
  const given = givenParent(p);
  return (given === undefined ? parents : [given]).flatMap((parent) =>
    service.datasets.map(({ name }) => `${parent}/${name}`),
  );
}

/**
 * Finds out where the data goes.
 * @throws StepError `services.no-parent`, `services.unsupported`
 */
export async function findPlace(
  service: Service,
  { host, params }: Pick<ReadContext<PlaceParams>, 'host' | 'params'>,
): Promise<Placed> {
  const named = await namedPlace(service, { host, params });
  const substituted: string[] = [];
  const datasets: PlacedDataset[] = [];
  for (const dataset of named.datasets) {
    const taken = await propertiesFor(host, named.pool, dataset.properties, params.substitute);
    substituted.push(...taken.substituted.map((what) => `${dataset.name}: ${what}`));
    datasets.push({ ...dataset, properties: taken.properties });
  }
  return { ...named, datasets, substituted };
}

/**
 * The same by names alone: the properties are the catalogue's, whether the pool takes them or not.
 * @throws StepError `services.no-parent`
 */
export async function namedPlace(
  service: Service,
  { host, params }: Pick<ReadContext<PlaceParams>, 'host' | 'params'>,
): Promise<Placed> {
  const parent = givenParent(params) ?? (await detected(host));
  const machine = params.backupHost ?? (await host.files.read('/proc/sys/kernel/hostname'))?.trim();
  return {
    parent,
    pool: poolOf(parent),
    machine: machine ?? params.flakeHost,
    datasets: service.datasets.map(({ name, properties }) => ({
      name,
      dataset: `${parent}/${name}`,
      mountPoint: mountPointOf(name, params),
      properties,
    })),
    substituted: [],
  };
}

async function detected(host: Host): Promise<string> {
  const there: string[] = [];
  for (const parent of parents) {
    if ((await zfsProperties(host, parent, ['guid'])) !== undefined) there.push(parent);
  }
  const found = detectParent(there);
  if (found !== undefined) return found;
  throw new StepError(
    'services.no-parent',
    `this machine has none of the datasets ${parents.join(', ')}`,
    'Name the one beneath which the services’ data shall lie: --set parent=POOL/DATASET',
  );
}

/**
 * What a pool takes of the wanted properties. A substitute counts only for the very value that it is named
 * for, and only where the pool does not support that.
 *
 * @throws StepError `services.unsupported`
 */
async function propertiesFor(
  host: Host,
  pool: string,
  wanted: Readonly<Record<string, string>>,
  substitutes: Readonly<Record<string, string>>,
): Promise<{ properties: Record<string, string>; substituted: readonly string[] }> {
  const lacking = await zfsUnsupported(host, pool, wanted);
  const taken = substitute(wanted, new Set(lacking.map(({ property }) => property)), substitutes);
  const left = lacking.filter(({ property }) => taken.without.includes(property));
  if (left.length > 0) {
    const named = Object.fromEntries(left.map(({ property, value }) => [`${property}=${value}`, 'VALUE']));
    throw new StepError(
      'services.unsupported',
      left.map(({ property, value, why }) => `${pool} does not take ${property}=${value}: ${why}`).join('; '),
      `${left.map(({ mend }) => mend).join('\n')}\nOr say what it shall have instead: --set 'substitute=${JSON.stringify(named)}'`,
    );
  }
  return taken;
}

/**
 * Properties with the substitutes for those that are lacking.
 * @returns `without`: lacking properties for which no substitute is named
 */
export function substitute(
  wanted: Readonly<Record<string, string>>,
  lacking: ReadonlySet<string>,
  substitutes: Readonly<Record<string, string>>,
): { properties: Record<string, string>; substituted: readonly string[]; without: readonly string[] } {
  const properties: Record<string, string> = {};
  const substituted: string[] = [];
  const without: string[] = [];
  for (const [property, value] of Object.entries(wanted)) {
    const other = lacking.has(property) ? substitutes[`${property}=${value}`] : undefined;
    if (lacking.has(property) && other === undefined) without.push(property);
    properties[property] = other ?? value;
    if (other !== undefined) substituted.push(`${property}=${other} in place of ${value}`);
  }
  return { properties, substituted, without };
}
