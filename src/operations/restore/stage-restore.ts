import { z } from 'zod';
import { messageOf, StepError } from '../../errors.ts';
import { durationMs, operation, type ActContext, type Host, type Json } from '../../runbook/index.ts';
import {
  concludeLadder,
  restoreAttempt,
  sourceKinds,
  type RestoreAttempt,
  type SourceKind,
} from './attempts.ts';
import { dataPlace, type DataPlace } from './data-place.ts';
import { localProperties, readDataset } from './datasets.ts';
import { fromRestic } from './from-restic.ts';
import { fromReplica, fromSnapshot } from './from-zfs.ts';
import { lookAt } from './look-at.ts';
import { restoreSource, type Asked, type RestoreSource } from './sources.ts';
import { clearHolder, clearStaging, stagingOf, type Staging } from './staging.ts';
import { endsAll, withinLimit, type Working } from './time-limit.ts';

const input = z.strictObject({
  ...dataPlace.shape,
  /** In the order in which they are asked; each kind once. */
  sources: z
    .array(restoreSource)
    .min(1)
    .refine((sources) => new Set(sources.map(({ kind }) => kind)).size === sources.length, {
      error: 'each kind of source may be there once',
    })
    .readonly(),
  /** Over all sources, such as `1h`. */
  limit: z.custom<`${number}${'s' | 'm' | 'h'}`>(
    (value) => typeof value === 'string' && /^\d+[smh]$/.test(value),
    {
      error: 'expected a duration such as 30m or 1h',
    },
  ),
  /** For a new dataset, where the one that was there is gone with its own. */
  properties: z.record(z.string(), z.string()).optional(),
});
type Input = z.output<typeof input>;

/** Data that is whole and verified, and has not taken its place. */
export const stagedData = z.object({
  path: z.string(),
  device: z.string(),
  inode: z.string(),
  dataset: z.string().nullable(),
  guid: z.string().nullable(),
  /** The dataset is a clone of a snapshot of the one that is replaced. */
  clone: z.boolean(),
  holder: z.string(),
});

const output = z.object({
  outcome: z.enum(['staged', 'nothing-anywhere', 'came-back']),
  source: z.enum(sourceKinds).nullable(),
  snapshot: z.string().nullable(),
  staged: stagedData.nullable(),
  attempts: z.array(restoreAttempt),
  ms: z.number(),
});
type Output = z.output<typeof output>;

/**
 * Brings missing data back into a staging beside its place, from the first source that has it: verified against
 * what the source lists, databases checked, nothing of what is there touched. Each source that is asked is noted
 * in the journal with what came of it. Only when every source has proven that it holds nothing is the outcome
 * `nothing-anywhere`; a wrong password, a lock, a network or a pool that is away is a failure.
 *
 * Input: the place as for `lookForData`; `sources`, `limit` over all of them, `properties`.
 * Output: `outcome`, `source`, `snapshot`, `staged`, the `attempts`, and how long it took, `ms`.
 * @throws StepError `restore.failed` with every source's reason, `restore.time-limit`, `restore.no-dataset`
 */
export const stageRestore = operation({
  operation: 'stage-restore',
  version: 1,
  reversal: 'undo',
  input,
  output,
  idempotent: true,
  describe: ({ input }) => [
    `ask ${input.sources.map(({ kind }) => kind).join(', then ')} for the data of ${input.path}, for at most ${input.limit}`,
    `restore it beside ${input.path}, verify it, and touch nothing else`,
  ],
  run: (context) => stage(context),
  verify: async ({ host, output }) => {
    if (output.staged === null) return;
    const stat = await host.files.stat(output.staged.path);
    if (stat?.inode === output.staged.inode) return;
    throw new StepError('restore.not-staged', `${output.staged.path} is not what was restored there`);
  },
  undo: {
    describe: 'remove what was restored beside the data, unless it has taken its place',
    run: async (context) => {
      for (const { kind } of context.input.sources) {
        await clearStaging(context, stagingOf(context.input, kind, context.run));
      }
    },
    breakGlass: ({ input, run }) =>
      input.sources
        .map(({ kind }) => stagingOf(input, kind, run))
        .map(
          ({ holder, dataset }) =>
            `Remove ${dataset === undefined ? '' : `the dataset ${dataset} and `}${holder}.`,
        )
        .join(' '),
  },
});

type Context = ActContext<unknown, unknown, Input, undefined>;

async function stage(context: Context): Promise<Output> {
  const { host, input, run } = context;
  const began = host.clock.now().monotonic;
  const ms = () => Math.max(0, host.clock.now().monotonic - began);
  const now = await lookAt(host, input, run.folder);
  const nothing = { source: null, snapshot: null, staged: null };
  // Somebody has brought it back since it was missed.
  if (now.state === 'present') return { outcome: 'came-back', ...nothing, attempts: [], ms: ms() };
  if (now.state !== 'absent' && now.state !== 'partial') {
    throw new StepError('restore.unknown', `nothing is restored over data that is ${now.state}: ${now.why}`);
  }
  const properties = await propertiesOf(host, input);
  const attempts: RestoreAttempt[] = [];
  let staged: { readonly asked: Asked & { is: 'staged' }; readonly kind: SourceKind } | undefined;
  await withinLimit(context, durationMs(input.limit), async (working) => {
    for (const source of input.sources) {
      const { attempt, asked } = await tryOne(working, context, source, properties);
      attempts.push(attempt);
      if (asked?.is !== 'staged') continue;
      staged = { asked, kind: source.kind };
      return;
    }
  });
  const end = concludeLadder(attempts);
  if (end.is === 'failed') throw failed(input, end.why);
  if (end.is === 'nothing-anywhere' || staged === undefined) {
    return { outcome: 'nothing-anywhere', ...nothing, attempts, ms: ms() };
  }
  const { asked, kind } = staged;
  for (const { kind: other } of input.sources) {
    if (other !== kind) await clearStaging(context, stagingOf(input, other, run));
  }
  return {
    outcome: 'staged',
    source: kind,
    snapshot: asked.snapshot,
    staged: await identify(host, asked, stagingOf(input, kind, run)),
    attempts,
    ms: ms(),
  };
}

/** Asks one source. What it had begun stays where it could not be asked, so that a later try goes on with it. */
async function tryOne(
  working: Working,
  context: Context,
  source: RestoreSource,
  properties: Readonly<Record<string, string>>,
): Promise<{ readonly attempt: RestoreAttempt; readonly asked: Asked | undefined }> {
  const { host, input, note, run } = context;
  const { kind } = source;
  const began = host.clock.now().monotonic;
  const staging = stagingOf(input, kind, run);
  const tell = async (outcome: RestoreAttempt['outcome'], detail: string) => {
    const attempt = { source: kind, outcome, detail, ms: Math.max(0, host.clock.now().monotonic - began) };
    await note(`${kind}: ${outcome}, ${detail}`, attempt satisfies Json);
    return attempt;
  };
  await note(`asks ${kind}`);
  try {
    const asked = await ask(working, input, source, staging, properties);
    if (asked.is === 'none') await clearHolder(context, staging);
    const attempt = await tell(asked.is, asked.is === 'none' ? asked.proof : asked.detail);
    return { attempt, asked };
  } catch (error) {
    if (endsAll(error, working.signal)) {
      if (working.signal.aborted && !context.signal.aborted) await tell('failed', 'there was no time left');
      throw error;
    }
    const attempt = await tell('failed', messageOf(error));
    return { attempt, asked: undefined };
  }
}

function ask(
  working: Working,
  place: Input,
  source: RestoreSource,
  staging: Staging,
  properties: Readonly<Record<string, string>>,
): Promise<Asked> {
  if (source.kind === 'restic' || source.kind === 's3') {
    // The sources to come need the time that one which does not answer would take.
    const limitMs = durationMs(place.limit);
    const askMs = Math.min(120_000, Math.max(limitMs / 10, Math.min(limitMs / 2, 5_000)));
    return fromRestic(working, place, source, staging, properties, askMs);
  }
  const { dataset } = staging;
  if (dataset === undefined) throw noDataset(place);
  const inDataset = { ...staging, dataset };
  return source.kind === 'snapshot'
    ? fromSnapshot(working, place, inDataset)
    : fromReplica(working, place, source, inDataset);
}

/** What a new dataset is given: what the one there has, else what was said. */
async function propertiesOf(
  host: Host,
  { dataset, properties = {} }: Input,
): Promise<Readonly<Record<string, string>>> {
  if (dataset === undefined) return {};
  return (await readDataset(host, dataset)) === undefined
    ? properties
    : { ...properties, ...(await localProperties(host, dataset)) };
}

async function identify(
  host: Host,
  { tree, clone = false }: Asked & { is: 'staged' },
  { dataset, holder }: Staging,
): Promise<z.output<typeof stagedData>> {
  const stat = await host.files.stat(tree);
  const found = dataset === undefined ? undefined : await readDataset(host, dataset);
  if (stat === undefined) throw new StepError('restore.not-staged', `${tree} is gone`);
  const { device, inode } = stat;
  return { path: tree, device, inode, dataset: dataset ?? null, guid: found?.guid ?? null, clone, holder };
}

function noDataset({ path }: DataPlace): StepError {
  return new StepError(
    'restore.no-dataset',
    `${path} is a folder, and only a dataset comes back from ZFS snapshots`,
    'Name the dataset, or leave this source out.',
  );
}

function failed({ path }: Input, why: string): StepError {
  return new StepError(
    'restore.failed',
    `the data of ${path} could not be brought back: ${why}`,
    'Nothing was changed. Mend what kept one of the sources, and go on with: migrate resume',
  );
}
