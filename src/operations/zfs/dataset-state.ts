import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, mountAt, type Host, type RunInfo } from '../../runbook/index.ts';
import type { PlaceBefore } from './dataset-place.ts';
import { datasetName } from './names.ts';
import { driftOf, type Drift } from './values.ts';
import type { ZfsProperty } from './zfs-output.ts';
import { markProperty, zfsProperties } from './zfs.ts';

const who = /^[a-z_0-9][a-z0-9_.-]*:[a-z_0-9][a-z0-9_.-]*$/i;
const reserved = ['mountpoint', markProperty];

/** What `zfsDataset` takes. */
export const datasetInput = z.strictObject({
  dataset: datasetName,
  mountPoint: z.union([absolutePath, z.literal('none')]),
  properties: z
    .record(z.string().min(1), z.string())
    .refine((given) => !reserved.some((one) => one in given), {
      error: `mountpoint and ${markProperty} are set by the operation itself`,
    })
    .optional(),
  drift: z.enum(['refuse', 'set']).optional(),
  /** `user:group` of the folder that the dataset shows, by name or number. */
  owner: z.string().regex(who, { error: 'expected user:group' }).optional(),
  /** Octal, such as 0700. */
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, { error: 'expected an octal mode such as 0700' })
    .optional(),
});
export type DatasetInput = z.output<typeof datasetInput>;

/** What `zfsDataset` captures. */
export interface DatasetCaptured {
  readonly mark: string;
  /** The dataset that was there before, with what this step may set. */
  readonly before: {
    readonly guid: string;
    readonly properties: Readonly<Record<string, ZfsProperty>>;
  } | null;
  readonly place: PlaceBefore | null;
}

/** A value of `migrate:run` that one step alone uses, and only since it was last undone. */
export function markOf(host: Host, run: RunInfo): string {
  return `${run.id}:${host.clock.now().wall.toString(36)}`;
}

/** The mark after its step was undone and what it had made was kept. */
export function keptMark(mark: string): string {
  return `${mark}:kept`;
}

/** All properties that the dataset shall have. */
export function wantedProperties({
  mountPoint,
  properties = {},
}: DatasetInput): Readonly<Record<string, string>> {
  const canmount = properties['canmount'] ?? (mountPoint === 'none' ? 'off' : 'on');
  return { ...properties, mountpoint: mountPoint, canmount };
}

/** A dataset as it stands. */
export interface DatasetNow {
  readonly guid: string;
  readonly kind: string;
  /** The mark that it bears itself; what it inherits is another dataset's. */
  readonly mark: string | undefined;
  readonly properties: Readonly<Record<string, ZfsProperty>>;
  readonly drift: readonly Drift[];
  /** It is mounted where it shall be, or shall be mounted nowhere. */
  readonly mounted: boolean;
}

/** @throws StepError as zfsProperties */
export async function datasetNow(host: Host, input: DatasetInput): Promise<DatasetNow | undefined> {
  const wanted = wantedProperties(input);
  const asked = [...new Set(['type', 'guid', markProperty, ...Object.keys(wanted)])];
  const found = await zfsProperties(host, input.dataset, asked);
  if (found === undefined) return undefined;
  const mark = found[markProperty];
  const { type, guid } = found;
  return {
    guid: guid?.value ?? '',
    kind: type?.value ?? '',
    mark: mark?.source === 'local' ? mark.value : undefined,
    properties: found,
    drift: driftOf(wanted, found),
    mounted: wanted['canmount'] === 'off' || input.mountPoint === 'none' || (await isMounted(host, input)),
  };
}

/** Whether one sees the dataset at its mount point. */
export async function isMounted(host: Host, { dataset, mountPoint }: DatasetInput): Promise<boolean> {
  return mountAt(await host.mounts(), mountPoint)?.source === dataset;
}

/** What is wrong with the folder's owner and mode; undefined when nothing is. */
export async function ownershipProblem(host: Host, input: DatasetInput): Promise<string | undefined> {
  const { owner, mode, mountPoint } = input;
  if (mountPoint === 'none' || (owner === undefined && mode === undefined)) return undefined;
  const { stdout } = await host.exec({ argv: ['stat', '-c', '%u %g %U %G %a', '--', mountPoint] });
  const [uid, gid, user, group, bits = ''] = stdout.trim().split(' ');
  const [wantedUser, wantedGroup] = owner?.split(':') ?? [];
  if (owner !== undefined && !([uid, user].includes(wantedUser) && [gid, group].includes(wantedGroup)))
    return `${mountPoint} belongs to ${user}:${group} (${uid}:${gid}), wanted is ${owner}`;
  if (mode !== undefined && Number.parseInt(bits, 8) !== Number.parseInt(mode, 8))
    return `${mountPoint} has the mode ${bits}, wanted is ${mode}`;
  return undefined;
}

/** @throws StepError `zfs.other-dataset` unless it is the one that was there before, or that this step made */
export function mustBeOurs(
  now: DatasetNow,
  { dataset }: DatasetInput,
  { before, mark }: DatasetCaptured,
): void {
  if (before === null ? now.mark === mark : now.guid === before.guid) return;
  throw new StepError(
    'zfs.other-dataset',
    before === null
      ? `${dataset} (GUID ${now.guid}) was made by somebody else since this step began`
      : `${dataset} has the GUID ${now.guid}, and had ${before.guid} when this step began: it is another dataset`,
    `See who made it: zpool history ${dataset.split('/')[0]}`,
  );
}
