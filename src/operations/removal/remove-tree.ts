import { posix } from 'node:path';
import { z } from 'zod';
import {
  doomedFromFile,
  doomedToText,
  formatBytes,
  fromText,
  moveAside,
  moveBack,
  openManifest,
  planRemoval,
  stillThere,
  type Manifest,
  type Moving,
  type RemovalPlan,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import { operation, sh, type ActContext, type Host, type RunInfo } from '../../runbook/index.ts';
import { proveBackup } from './remove-backup.ts';
import { refuseBootPath } from './remove-boot-path.ts';
import { proveCopy } from './remove-evidence.ts';
import { removeInput, type RemoveInput } from './remove-input.ts';
import { refuseNews } from './remove-news.ts';
import {
  refuseBadKeep,
  refuseMounts,
  refuseNewCopy,
  refuseOpenFiles,
  refuseOtherPath,
  refuseOtherTree,
  type ParentFolder,
} from './remove-refusals.ts';

interface Captured {
  /** The folder that holds the tree, so that a tree that is out of reach is not taken for a removed one. */
  readonly parent: ParentFolder;
}

const output = z.object({
  path: z.string(),
  /** `null` when an earlier attempt did it. */
  entries: z.number().nullable(),
  bytes: z.number().nullable(),
  evidence: z
    .object({
      manifest: z.string(),
      files: z.number(),
      sound: z.number(),
      changed: z.number(),
      missing: z.number(),
      verifiedMsAgo: z.number().nullable(),
      backup: z.union([
        z.string(),
        z.object({ snapshot: z.string(), files: z.number(), provenMsAgo: z.number() }),
      ]),
      /** Written to the old copy, or deleted from it, since the final pass, and given up. */
      oldWrites: z.object({ written: z.number(), deleted: z.number() }),
      /** Text where no boot was said to need it. */
      bootPath: z.union([z.literal('checked'), z.string()]),
    })
    .nullable(),
});

/**
 * Deletes an old tree for good, after the new copy of it has proven itself. Renames first, deletes second,
 * with a mark in the journal before and after each, and looks once more in between, when nobody can reach
 * it by its path any more. Refuses whatever is not exactly the tree that was captured, and what anybody,
 * or a boot, still needs; docs/last-copy.md has each refusal and its way out.
 *
 * Input: `path`, `identity` (from before the move), `newCopy`, `manifest`, `verification` with `maxAge`,
 * `backup`; `keep`, `leaveFolder`, `sampleFiles`, `missing`, `oldWrites`, `expendable`, `bootPath`.
 * Output: what went, and the evidence it rested on.
 * @throws StepError `remove.*`, each refusal with a code of its own, `manifest.*`, `verify.other-tree`,
 *   `beneath.cannot-look`, and those of `resticProof`
 */
export const removeTree = operation({
  operation: 'remove-tree',
  version: 1,
  reversal: 'irreversible',
  input: removeInput,
  capture: async ({ host, input }): Promise<Captured> => {
    await refuseOtherTree(host, input.path, input);
    return { parent: await parentOf(host, input.path) };
  },
  output,
  probe: async ({ host, input, captured, run }) => {
    const [trash, list] = [trashOf(input.path, run), listOf(input, run)];
    if ((await host.files.stat(trash)) !== undefined) return 'partial';
    const parent = await parentOf(host, input.path);
    if (parent.inode !== captured.parent.inode) {
      return { unknown: `${posix.dirname(input.path)} is not the folder that held the tree` };
    }
    if ((await host.files.stat(list)) === undefined) return 'not-started';
    if (stillThere(input.path, doomedFromFile(list)).length > 0) return 'partial';
    return { done: { path: input.path, entries: null, bytes: null, evidence: null } };
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    if ((await host.files.stat(input.path)) === undefined) {
      return { summary: `${input.path} is not there yet`, facts: {} };
    }
    const { entries, bytes } = planFor(input);
    const kept = (input.keep ?? []).length;
    return {
      summary: `${entries} entries of ${input.path} would go, ${formatBytes(bytes)}; ${kept} paths stay`,
      facts: { entries, bytes, kept },
    };
  },
  describe: ({ input, run }) => [
    `prove that ${input.path} is the captured tree, that nobody uses it, and that ${input.newCopy} is sound`,
    `move what goes from ${input.path} to ${trashOf(input.path, run)}`,
    sh`rm -rf --one-file-system -- ${trashOf(input.path, run)}`,
  ],
  run: remove,
  verify: async ({ host, input, run }) => {
    const left = [trashOf(input.path, run), ...(isWhole(input) ? [input.path] : [])];
    for (const path of left) {
      if ((await host.files.stat(path)) !== undefined)
        throw new StepError('remove.incomplete', `${path} is still there`);
    }
    if (!isWhole(input)) refuseBadKeep(input, planFor(input));
  },
});

type Context = ActContext<unknown, unknown, RemoveInput, Captured>;

async function remove(context: Context): Promise<z.input<typeof output>> {
  const { host, input, run, exec, log, note, captured } = context;
  const { path } = input;
  const [trash, list] = [trashOf(path, run), listOf(input, run)];
  const manifest = openManifest(input.manifest, input.verification?.manifest);
  await refuseOtherPath(host, path, captured.parent);
  // An earlier attempt may have moved all of it and been killed before it could delete.
  const moved = isWhole(input) && (await host.files.stat(path)) === undefined;
  const at = moved ? trash : path;
  await refuseOtherTree(host, at, input);
  const plan = moved ? planRemoval(at, new Set(), true) : planFor(input);
  await refuseMounts(host, at, plan);
  refuseBadKeep(input, plan);
  await refuseNewCopy(host, at, input, manifest, plan);
  if (input.bootPath === undefined) await refuseBootPath(context, at, plan);
  const unseen = refuseOpenFiles(path, plan);
  if (unseen > 0) log(`${unseen} processes of others could not be looked into`);
  const begun = (await hasBegun(host, path, trash, list)) ? doomedFromFile(list) : undefined;
  const oldWrites = await refuseNews(context, manifest, at, begun && stillThere(at, begun));
  const backup = await proveBackup(context, manifest);
  const evidence = await proveCopy(context, manifest);

  if (!moved) {
    // What somebody puts there once the removal has begun, such as a newer system for boot, is not on the list.
    if (begun === undefined) await host.files.replace(list, doomedToText(plan.doomed), { mode: 0o600 });
    const doomed = stillThere(path, doomedFromFile(list));
    const moving: Moving = { root: path, doomed, trash, inode: input.identity.inode };
    log(`moving ${plan.entries} entries, ${formatBytes(plan.bytes)}, to ${trash}`);
    await note('moves the old copy aside', { path, trash, inode: input.identity.inode });
    try {
      moveAside(moving);
      await exec(sh`sync -f ${posix.dirname(path)}`);
      await note('moved the old copy aside', { path, trash });
      await lookAgain(context, manifest, moving, doomedFromFile(list));
    } catch (error) {
      // Of what an earlier attempt began, a part may be deleted, so only forward makes it whole.
      if (begun === undefined && error instanceof StepError) await takeBack(context, moving, error);
      throw error;
    }
  }
  await note('deletes the old copy', { trash });
  await exec(sh`rm -rf --one-file-system -- ${trash}`);
  await exec(sh`sync -f ${posix.dirname(path)}`);
  return {
    path,
    entries: plan.entries,
    bytes: plan.bytes,
    evidence: { ...evidence, backup, oldWrites, bootPath: input.bootPath ?? 'checked' },
  };
}

/** Looks at what was moved aside, for what came in between the first look and the rename. */
async function lookAgain(
  context: Context,
  manifest: Manifest,
  { root, trash }: Moving,
  all: Moving['doomed'],
): Promise<void> {
  const { host } = context;
  // Everything was gone already.
  if ((await host.files.stat(trash)) === undefined) return;
  const plan = planRemoval(trash, new Set(), true);
  await refuseMounts(host, trash, plan);
  refuseOpenFiles(root, plan);
  await refuseNews(context, manifest, trash, all);
}

async function takeBack(
  { host, input, run, exec, note }: Context,
  moving: Moving,
  { code }: StepError,
): Promise<void> {
  if (!moveBack(moving)) return;
  await exec(sh`sync -f ${posix.dirname(moving.root)}`);
  await host.files.remove(listOf(input, run));
  await note('moved the old copy back', { path: moving.root, why: code });
}

/** Whether an earlier attempt moved anything of its list. */
async function hasBegun(host: Host, path: string, trash: string, list: string): Promise<boolean> {
  if ((await host.files.stat(list)) === undefined) return false;
  if ((await host.files.stat(trash)) !== undefined) return true;
  const doomed = doomedFromFile(list);
  return stillThere(path, doomed).length < doomed.length;
}

function planFor(input: RemoveInput): RemovalPlan {
  const { path, keep = [] } = input;
  // Those outside are refused by name.
  const within = keep
    .filter((one) => one.startsWith(`${path}/`))
    .map((one) => fromText(posix.relative(path, one)));
  return planRemoval(path, new Set(within), isWhole(input));
}

/** The folder itself goes too. */
function isWhole({ keep = [], leaveFolder }: RemoveInput): boolean {
  return keep.length === 0 && leaveFolder !== true;
}

function trashOf(path: string, run: RunInfo): string {
  const name = `.${posix.basename(path)}.migrate-removed-${run.id}`;
  return posix.join(posix.dirname(path), name.length > 200 ? `.migrate-removed-${run.id}` : name);
}

function listOf({ identity }: RemoveInput, run: RunInfo): string {
  return posix.join(run.folder, `removal-${identity.inode}.list`);
}

async function parentOf(host: Host, path: string): Promise<ParentFolder> {
  const real = (await host.files.realPath(posix.dirname(path))) ?? posix.dirname(path);
  const stat = await host.files.stat(real);
  return { path: real, device: stat?.device ?? '', inode: stat?.inode ?? '' };
}
