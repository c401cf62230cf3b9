import { z } from 'zod';
import {
  copyPass,
  farOptions,
  rsyncCommand,
  rsyncEnvironment,
  rsyncFlags,
  type PassResult,
} from '../../copy/index.ts';
import {
  isPlaceholder,
  operation,
  type ActContext,
  type CapturedContext,
  type Command,
  type ReadContext,
} from '../../runbook/index.ts';
import { undoCopyByHand } from './copy-by-hand.ts';
import { accessOf, isFarPlace, placeText, type AnyPlace } from '../far/far-place.ts';
import { copyInput, isLocalCopy, type CopyInput, type GivenCopyInput } from './copy-input.ts';
import { diskOfCopy, farDiskNeed, farTreeNeed, undoFarByHand } from './far-undo.ts';
import { farOf, withSides, type SideContext, type Sides } from './copy-sides.ts';
import { actMachine } from './copy-machine.ts';
import { checkPlaces, makeTarget, targetGuard } from './copy-places.ts';
import { previewCopy } from './copy-preview.ts';
import { copyNeeds } from './copy-needs.ts';
import { copyLaterWrites } from './copy-news.ts';
import { captureCopy, probeCopy, type CopyCaptured } from './copy-state.ts';
import { rsyncVersion } from './copy-tools.ts';
import { undoCopy } from './copy-undo.ts';
import { momentNow } from './moment.ts';

const output = z.object({
  transferredFiles: z.number(),
  transferredBytes: z.number(),
  /** After the final pass. */
  manifest: z
    .object({
      file: z.string(),
      sha256: z.string(),
      entries: z.number(),
      files: z.number(),
      bytes: z.number(),
    })
    .optional(),
  /** Of the target folder. */
  device: z.string(),
  inode: z.string(),
});

/**
 * Copies the contents of a folder with rsync: hard links, sparse files, ACLs, extended attributes, owners
 * by number. The final pass ends with a manifest of every path, against which `verifyTree` reads the
 * target. Safe to repeat after any interruption.
 *
 * Input: `from`, `to` (one of them may be `{ host, path }` on another machine), `pass`, `manifest`; `exclude`, `expectMount`, `into`, `bandwidth` (KiB/s), `idle`,
 * `readers`, `laterWrites`. Output: what was transferred, the target's identity, the manifest.
 * @throws StepError `copy.*` as named in src/copy and copy-places.ts, `mount.*`, `manifest.*`
 */
export const copyTree = operation({
  operation: 'copy-tree',
  version: 1,
  reversal: 'undo',
  input: copyInput,
  capture: (context): Promise<CopyCaptured> =>
    withSides(there(context), context.input, (sides) => captureCopy(sides, context.input, context.run.id)),
  output,
  probe: (context) =>
    withSides(there(context), context.input, (sides) =>
      probeCopy({ ...sides, signal: context.signal }, context.input, context.captured, context.run.id),
    ),
  idempotent: true,
  preview: ({ host, signal, input: { from, to, exclude, expectMount } }) =>
    previewCopy({ host, signal }, { from, to, exclude, expectMount }),
  describe: ({ input, captured }) =>
    input.pass === 'warm'
      ? [passCommand(input, captured)]
      : [
          passCommand(input, captured),
          'read again what rsync took for up to date and nobody vouches for',
          `write the manifest ${input.manifest}`,
        ],
  run: copy,
  undoNeeds: copyNeeds.map(({ name, check }) => ({
    name,
    check: (context: Captured) =>
      isLocal(context) ? check(context) : name === diskOfCopy ? farDiskNeed(context) : farTreeNeed(context),
  })),
  lastResort: ({ input: { to, pass }, captured: { asRoot } }) => {
    if (pass === 'warm') return [];
    const rsync = ['rsync', ...rsyncFlags(asRoot), ...(isFarPlace(to) ? farOptions(accessOf(to)) : [])];
    const paths = ['--', `${placeText(to)}/`, '/NEW/FOLDER/'];
    return [
      `${placeText(to)} is the copy. Onto a new folder of the disk that it shall return to, while nothing writes to it:`,
      command([...rsync, ...paths]),
      command([...rsync, '--checksum', '--dry-run', '--itemize-changes', ...paths]),
    ];
  },
  undo: {
    // What was written to a copy over ssh is not carried back, and the undo refuses to remove it.
    laterWrites: async (context) => (isLocal(context) ? copyLaterWrites(context) : undefined),
    describe: ({ input, captured }) => {
      const [from, to] = [placeText(input.from), placeText(input.to)];
      const remove = `remove the copy in ${to}, once ${from} is seen to be whole`;
      const leave = `leave ${to} to the pass that made it, and believe nothing of it any more`;
      if (isPlaceholder(captured)) return `${remove}; or, when an earlier pass made it, ${leave}`;
      return captured.target === 'absent' || captured.target === 'empty' ? remove : leave;
    },
    run: undoCopy,
    breakGlass: (context) => (isLocal(context) ? undoCopyByHand(context) : undoFarByHand(context)),
  },
});

type Captured = CapturedContext<unknown, unknown, GivenCopyInput, CopyCaptured>;

function isLocal<C extends { readonly input: GivenCopyInput }>(
  context: C,
): context is C & { readonly input: CopyInput } {
  return isLocalCopy(context.input);
}

/** What a place is opened with. */
function there({ host, signal, run }: Pick<ReadContext, 'host' | 'signal' | 'run'>): SideContext {
  return { host, signal, scratch: run.folder };
}

function command([program = 'rsync', ...args]: readonly string[]): Command {
  return { argv: [program, ...args] };
}

async function copy(
  context: ActContext<unknown, unknown, GivenCopyInput, CopyCaptured>,
): Promise<z.input<typeof output>> {
  return withSides(there(context), context.input, (sides) => copyBetween(sides, context));
}

async function copyBetween(
  sides: Sides,
  context: ActContext<unknown, unknown, GivenCopyInput, CopyCaptured>,
): Promise<z.input<typeof output>> {
  const { input, captured, run } = context;
  const { from, to } = sides;
  const { pass, manifest, exclude, bandwidth, readers, expectMount } = input;
  const { source } = await checkPlaces(sides, input);
  const engine = await rsyncVersion(from.host);
  const target = await makeTarget(to.host, { to: to.path, expectMount }, to.identify);
  const result = await copyPass(
    {
      from: from.path,
      to: to.path,
      pass,
      manifest,
      exclude,
      bandwidth,
      readers,
      idle: isIdle(input),
      asRoot: captured.asRoot,
      owner: run.id,
      source,
      target,
      engine,
      ...(pass === 'final' ? { began: await momentNow(context.host) } : {}),
      ...farOf(sides),
    },
    actMachine(context, targetGuard(to.host, expectMount, target, to.identify)),
  );
  tell(context, result);
  const { transferredFiles, transferredBytes } = result;
  return {
    transferredFiles,
    transferredBytes,
    ...manifestOf(result.manifest),
    device: target.device,
    inode: target.inode,
  };
}

function tell({ log }: Pick<ActContext, 'log'>, { deleted, readAgain, mended, leftovers }: PassResult): void {
  if (deleted > 0) log(`${deleted} paths were removed that the source does not hold`);
  if (leftovers > 0) log(`${leftovers} half-written files of an interrupted rsync were removed`);
  if (readAgain > 0)
    log(`${readAgain} files were read again on the target, of which ${mended} were replaced`);
}

function manifestOf(summary: PassResult['manifest']): Pick<z.input<typeof output>, 'manifest'> {
  if (summary === undefined) return {};
  const { file, sha256, entries, files, bytes } = summary;
  return { manifest: { file, sha256, entries, files, bytes } };
}

function isIdle({ idle, pass }: GivenCopyInput): boolean {
  return idle ?? pass === 'warm';
}

function passCommand(input: GivenCopyInput, { asRoot }: CopyCaptured): Command {
  const { from, to } = input;
  const options = { ...input, asRoot, idle: isIdle(input), ...pathsOf(from, to) };
  return { argv: rsyncCommand(options), env: rsyncEnvironment };
}

function pathsOf(
  from: AnyPlace,
  to: AnyPlace,
): Pick<Parameters<typeof rsyncCommand>[0], 'from' | 'to' | 'far'> {
  if (isFarPlace(from))
    return { from: from.path, to: pathOf(to), far: { side: 'from', access: accessOf(from) } };
  return isFarPlace(to) ? { from, to: to.path, far: { side: 'to', access: accessOf(to) } } : { from, to };
}

function pathOf(place: AnyPlace): string {
  return isFarPlace(place) ? place.path : place;
}
