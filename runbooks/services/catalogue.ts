import { absolutePath, UsageError, z } from 'migrate-runbook';

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, { error: 'expected lower-case words joined by dashes' })
  .meta({ expects: 'lower-case words joined by dashes' });
const unit = z
  .string()
  .regex(/^[\w@:.\\-]+\.(service|socket|timer|path)$/, { error: 'expected the full name of a unit' });
const within = z
  .string()
  .regex(/^(?!\/)(?!.*(^|\/)\.\.?(\/|$)).+$/, { error: "expected a path within the service's folder" });

const dataset = z.strictObject({
  /** Last part of its name, and of its mount point; the service's name when left out. */
  name: name.optional(),
  /** As `zfs create -o` takes them. */
  properties: z.record(z.string().min(1), z.string()),
  /** Of the folder that it shows, octal; for what the copy does not fill. */
  mode: z
    .string()
    .regex(/^[0-7]{3,4}$/)
    .optional(),
});

const edit = z.strictObject({ from: z.string().min(1), to: z.string() });

/** A service that can be moved onto ZFS, as data. */
export const serviceSchema = z.strictObject({
  service: name,
  /** Stopped for the move, in this order, and up afterwards; `SERVICE.service` when left out. */
  units: z.array(unit).min(1).optional(),
  /** The account to which its data belongs; not looked at when left out. */
  owner: z.strictObject({ user: z.string().min(1), group: z.string().min(1) }).optional(),
  /** Where its data lies today; `/persist/var/lib/SERVICE` when left out. */
  folder: absolutePath.optional(),
  /** The first takes the data; what becomes of further ones is for the kind's own steps. */
  datasets: z.array(dataset).min(1),
  data: z.strictObject({
    kind: z.enum(['files', 'sqlite', 'postgres']),
    /** Paths in the folder without which it is no data of this service. */
    mustHold: z.array(within).default([]),
  }),
  /** How one sees that it is well; its units alone tell when it is left out. */
  health: z
    .strictObject({
      address: z.url({ protocol: /^https?$/ }),
      /** Text that must be in the answer. */
      contains: z.string().min(1).optional(),
    })
    .optional(),
  /** Sets `com.sun:auto-snapshot` of the data's dataset; untouched when left out. */
  snapshots: z.enum(['automatic', 'none']).optional(),
  backup: z
    .strictObject({
      /** The job's unit; `restic-backups-SERVICE.service` when left out. */
      unit: unit.optional(),
      /** The folder that it backs up from then on; the new place of the data when left out. With `{mount}` for the folder of the datasets. */
      folder: z.string().min(1).optional(),
      tags: z.array(z.string().regex(/^[^,\s]+$/)).default([]),
      excludes: z.array(z.string().min(1)).default(['**/.cache', '**/*.tmp']),
    })
    .default({ tags: [], excludes: ['**/.cache', '**/*.tmp'] }),
  /**
   * Texts of its configuration file, each there exactly once; those of the plan's pattern when left out. With
   * `{source}` and `{target}` for the two folders, `{backup}` for what its job backs up, `{mount}`.
   */
  configuration: z
    .strictObject({
      point: z.array(edit).min(1).optional(),
      /** In place of `point` where a bind mount shows the new place in the old one; that is added to the first. */
      bind: z.array(edit).min(1).optional(),
      job: z.array(edit).min(1).optional(),
    })
    .default({}),
});

/** A service as a file of one's own says it. */
export type ServiceEntry = z.input<typeof serviceSchema>;

/** A service with all that was left out filled in. */
export interface Service extends Omit<
  z.output<typeof serviceSchema>,
  'units' | 'folder' | 'datasets' | 'backup'
> {
  readonly units: readonly string[];
  readonly folder: string;
  readonly datasets: readonly ServiceDataset[];
  readonly backup: {
    readonly unit: string;
    readonly folder?: string | undefined;
    readonly tags: readonly string[];
    readonly excludes: readonly string[];
  };
}

export interface ServiceDataset {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly mode?: string | undefined;
}

/**
 * A catalogue entry with all that it left out.
 * @throws UsageError `services.entry` with each place that does not fit
 */
export function serviceOf(entry: ServiceEntry): Service {
  const read = serviceSchema.safeParse(entry);
  if (!read.success) {
    throw new UsageError(
      'services.entry',
      `the entry of the service does not fit:\n${z.prettifyError(read.error)}`,
      'docs/services.md says what an entry has.',
    );
  }
  const { data: given } = read;
  const { service } = given;
  const datasets = given.datasets.map((one, index) => ({
    ...one,
    name: one.name ?? service,
    properties: { ...one.properties, ...(index === 0 ? snapshotProperty(given.snapshots) : {}) },
  }));
  const twice = datasets.find(({ name: one }, index) => datasets.findIndex((d) => d.name === one) !== index);
  if (twice !== undefined) {
    throw new UsageError(
      'services.entry',
      `the service ${service} has two datasets ${twice.name}`,
      'Give each a `name` of its own.',
    );
  }
  return {
    ...given,
    units: given.units ?? [`${service}.service`],
    folder: given.folder ?? `/persist/var/lib/${service}`,
    datasets,
    backup: { ...given.backup, unit: given.backup.unit ?? `restic-backups-${service}.service` },
  };
}

function snapshotProperty(policy: 'automatic' | 'none' | undefined): Record<string, string> {
  if (policy === undefined) return {};
  return { 'com.sun:auto-snapshot': String(policy === 'automatic') };
}

/** The dataset that takes the data. */
export function dataDataset({ datasets }: Service): ServiceDataset {
  const [first] = datasets;
  if (first === undefined) throw new UsageError('services.entry', 'a service needs a dataset');
  return first;
}
