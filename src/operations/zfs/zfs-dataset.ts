import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { isPlaceholder, operation, sh, type Command, type Host } from '../../runbook/index.ts';
import { freePlace, isPlaceChanged } from './dataset-place.ts';
import {
  datasetInput,
  datasetNow,
  keptMark,
  markOf,
  mustBeOurs,
  ownershipProblem,
  wantedProperties,
  type DatasetCaptured,
  type DatasetInput,
  type DatasetNow,
} from './dataset-state.ts';
import { undoDataset, valueOfDataset } from './dataset-undo.ts';
import { parentOf, poolOf } from './names.ts';
import { mustSupport } from './supported.ts';
import { driftOf, tellDrift } from './values.ts';
import type { ZfsProperty } from './zfs-output.ts';
import { mustHaveParent } from './zfs-pool.ts';
import { markProperty, zfsFailed, usablePool } from './zfs.ts';

/**
 * A dataset with the properties that it shall have, mounted where it shall be, and never over data. It may
 * be there already; what differs is refused or set. The undo destroys only what this step has made, and
 * only while nothing is in it.
 *
 * Input: see `datasetInput`. Output: the dataset's GUID, and whether this step made it.
 * @throws StepError `zfs.no-pool`, `zfs.pool-unusable`, `zfs.no-parent`, `zfs.unsupported`, `zfs.drift`,
 *   `zfs.other-dataset`, `zfs.occupied`, `zfs.shadows`, `zfs.mountpoint-taken`, `zfs.no-folder`,
 *   `zfs.not-mounted`, `zfs.full`, `zfs.failed`
 */
export const zfsDataset = operation({
  operation: 'zfs-dataset',
  version: 1,
  reversal: 'undo',
  input: datasetInput,
  capture: async ({ host, input, run }): Promise<DatasetCaptured> => {
    const now = await assess(host, input);
    const before = now === undefined ? null : { guid: now.guid, properties: pick(now.properties, input) };
    const place = input.mountPoint === 'none' ? null : await freePlace(host, input.dataset, input.mountPoint);
    return { mark: markOf(host, run), before, place };
  },
  output: z.object({
    dataset: z.string(),
    guid: z.string(),
    mountPoint: z.string(),
    created: z.boolean(),
  }),
  probe: async ({ host, input, captured }) => {
    const { before, mark, place } = captured;
    const now = await datasetNow(host, input);
    if (now === undefined && before !== null) return { unknown: `${input.dataset} was there and is gone` };
    if (now === undefined) {
      // An undo may have been cut off between the dataset and its folder.
      const isChanged = place !== null && (await isPlaceChanged(host, input.mountPoint, place));
      return isChanged ? 'partial' : 'not-started';
    }
    if (before === null && now.mark === keptMark(mark)) return 'not-started';
    if (before === null ? now.mark !== mark : now.guid !== before.guid)
      return { unknown: `${input.dataset} (GUID ${now.guid}) is not the dataset that this step knows` };
    const sound = now.drift.length === 0 && now.mounted;
    if (sound && (await ownershipProblem(host, input)) === undefined)
      return { done: outputOf(input, captured, now.guid) };
    const asBefore =
      before !== null && driftOf(values(before.properties), pick(now.properties, input)).length === 0;
    return asBefore ? 'not-started' : 'partial';
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const now = await assess(host, input);
    if (now === undefined) {
      if (input.mountPoint !== 'none') await freePlace(host, input.dataset, input.mountPoint);
      return { summary: `${input.dataset} will be made`, facts: { exists: false } };
    }
    const drift = now.drift.length === 0 ? 'as it shall be' : `to be changed: ${tellDrift(now.drift)}`;
    return { summary: `${input.dataset} is there, ${drift}`, facts: { exists: true, guid: now.guid } };
  },
  describe: ({ input, captured }) =>
    isToBeMade(captured)
      ? [createCommand(input, captured), ...ownershipCommands(input)]
      : [`set what differs, and mount ${input.dataset}`, ...ownershipCommands(input)],
  run: async ({ host, input, captured, exec }) => {
    const must = async (command: Command) => {
      const result = await exec(command, { anyExit: true });
      if (result.exitCode !== 0) throw zfsFailed(command, result);
    };
    if (input.mountPoint !== 'none') await freePlace(host, input.dataset, input.mountPoint);
    let now = await datasetNow(host, input);
    if (now === undefined && captured.before === null) {
      await usablePool(host, poolOf(input.dataset));
      await must(createCommand(input, captured));
      now = await datasetNow(host, input);
    }
    if (now === undefined) throw gone(input);
    // An undone step that has kept its dataset takes it up again.
    if (captured.before === null && now.mark === keptMark(captured.mark)) {
      await must(sh`zfs set ${markProperty}=${captured.mark} ${input.dataset}`);
      now = { ...now, mark: captured.mark };
    }
    mustBeOurs(now, input, captured);
    // One at a time: older versions take no more.
    for (const { property, wanted } of now.drift)
      await must(sh`zfs set ${`${property}=${wanted}`} ${input.dataset}`);
    now = (await datasetNow(host, input)) ?? now;
    if (!now.mounted) await must(sh`zfs mount ${input.dataset}`);
    if ((await ownershipProblem(host, input)) !== undefined)
      for (const command of ownershipCommands(input)) await must(command);
    return outputOf(input, captured, now.guid);
  },
  verify: async ({ host, input, captured }) => {
    const now = await datasetNow(host, input);
    if (now === undefined) throw gone(input);
    mustBeOurs(now, input, captured);
    if (now.drift.length > 0) throw drifted(input, tellDrift(now.drift));
    if (!now.mounted) {
      throw new StepError(
        'zfs.not-mounted',
        `${input.dataset} is not mounted at ${input.mountPoint}: what is written there lands beneath it`,
        `See what stands in the way: zfs mount '${input.dataset}'`,
      );
    }
    const problem = await ownershipProblem(host, input);
    if (problem !== undefined) throw new StepError('zfs.owner', problem, `See: ls -ld ${input.mountPoint}`);
  },
  undoNeeds: [
    {
      name: 'the dataset, empty',
      // What is in it may go by an earlier undo; what stays is kept.
      advisory: true,
      check: async (context) => {
        const held = await valueOfDataset(context);
        return held === undefined || `${held}, so it will be kept`;
      },
    },
  ],
  undo: {
    describe: ({ input, captured }) =>
      isToBeMade(captured)
        ? `destroy ${input.dataset}, where this step made it and nothing is in it`
        : `give ${input.dataset} the properties that it had`,
    run: undoDataset,
    breakGlass: ({ input: { dataset }, captured: { before } }) =>
      before === null
        ? `The run made the dataset ${dataset}. Look whether anything in it or in its snapshots is needed; it harms nothing if it stays. If not: zfs destroy '${dataset}'`
        : `The run may have changed properties of ${dataset}. Before it they were: ${JSON.stringify(values(before.properties))}`,
  },
});

/** Before the capture it is taken for one that is not there yet. */
function isToBeMade({ before }: DatasetCaptured): boolean {
  return before === null || isPlaceholder(before);
}

/** What stands in the way, before anything is changed. */
async function assess(host: Host, input: DatasetInput): Promise<DatasetNow | undefined> {
  await usablePool(host, poolOf(input.dataset));
  const { mountpoint: _, ...properties } = wantedProperties(input);
  await mustSupport(host, poolOf(input.dataset), properties);
  const now = await datasetNow(host, input);
  const parent = parentOf(input.dataset);
  if (now === undefined && parent !== undefined) await mustHaveParent(host, parent);
  if (now !== undefined && now.kind !== 'filesystem') {
    throw new StepError('zfs.other-dataset', `${input.dataset} is a ${now.kind}`, 'Choose another name.');
  }
  if (now !== undefined && now.drift.length > 0 && input.drift !== 'set')
    throw drifted(input, tellDrift(now.drift));
  return now;
}

function createCommand(input: DatasetInput, { mark }: DatasetCaptured): Command {
  const options = Object.entries({ ...wantedProperties(input), [markProperty]: mark });
  const flags = options.flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return sh`zfs create ${flags} ${input.dataset}`;
}

function ownershipCommands({ owner, mode, mountPoint }: DatasetInput): readonly Command[] {
  if (mountPoint === 'none') return [];
  return [
    ...(owner === undefined ? [] : [sh`chown -- ${owner} ${mountPoint}`]),
    ...(mode === undefined ? [] : [sh`chmod -- ${mode} ${mountPoint}`]),
  ];
}

function outputOf({ dataset, mountPoint }: DatasetInput, { before }: DatasetCaptured, guid: string) {
  return { dataset, guid, mountPoint, created: before === null };
}

function pick(
  properties: Readonly<Record<string, ZfsProperty>>,
  input: DatasetInput,
): Record<string, ZfsProperty> {
  return Object.fromEntries(
    Object.keys(wantedProperties(input)).flatMap((name) => {
      const found = properties[name];
      return found === undefined ? [] : [[name, found]];
    }),
  );
}

function values(properties: Readonly<Record<string, { readonly value: string }>>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([name, { value }]) => [name, value]));
}

function drifted({ dataset }: DatasetInput, drift: string): StepError {
  return new StepError(
    'zfs.drift',
    `${dataset} is there with other properties: ${drift}`,
    `Set them by hand, want others, or let this step set them with drift: 'set'. What recordsize and compression change counts for new writes only.`,
  );
}

function gone({ dataset }: DatasetInput): StepError {
  return new StepError(
    'zfs.no-dataset',
    `there is no dataset ${dataset}`,
    'See who destroyed it: zpool history',
  );
}
