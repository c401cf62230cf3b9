import { createHash } from 'node:crypto';
import {
  asidePlace,
  carryBack,
  checkSource,
  findManifest,
  firstPaths,
  identify,
  laterWrites,
  putAside as putWritesAside,
  withTheLast,
  type LaterWrite,
  type Manifest,
} from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import type { CapturedContext, LaterWrites, LaterWritesDecision, UndoContext } from '../../runbook/index.ts';
import type { CopyInput } from './copy-input.ts';
import { actMachine } from './copy-machine.ts';
import { refuseShownElsewhere } from './copy-shown.ts';
import type { CopyCaptured } from './copy-state.ts';
import { requireMounted } from '../mounts/require-mount.ts';
import { carryStoreBack, storeWrites } from '../nix/store-news.ts';

type Looking = CapturedContext<unknown, unknown, CopyInput, CopyCaptured>;
type Undoing = UndoContext<unknown, unknown, CopyInput, CopyCaptured>;

/** The manifest of a copy whose final pass was taken back: the undo of an earlier pass still asks it. */
export function putAside(manifest: string): string {
  return `${manifest}.undone`;
}

/**
 * What was written to the copy since its manifest, for whoever decides about a rollback; only reads.
 * `undefined` when no final pass ended, so that nothing can have been switched over to the copy.
 */
export async function copyLaterWrites(context: Looking): Promise<LaterWrites | undefined> {
  const { host, input, run } = context;
  if (input.expectMount !== undefined) await requireMounted(host, input.expectMount);
  const manifest = manifestOf(input);
  if (manifest === undefined || identify(input.to) === undefined) return undefined;
  const writes = await newsOf(context, manifest);
  const settled = await settledBefore(context, manifest, writes);
  if (settled || writes.every(({ what }) => what === 'deleted')) return undefined;
  const count = (what: LaterWrite['what']) => writes.filter((write) => write.what === what).length;
  const { laterWrites: decided } = input;
  return {
    where: input.to,
    since: manifest.header.completedAt,
    added: count('added'),
    changed: count('changed'),
    deleted: count('deleted'),
    bytes: writes.reduce((sum, { bytes }) => sum + bytes, 0),
    first: firstPaths(writes, 5),
    carryBack:
      input.contents === 'nix-store'
        ? `Nix copies new store paths to ${input.from} and checks their hashes; profiles and roots that are replaced are kept in ${replacedPlace(context)}`
        : `rsync brings it back to ${input.from}, compared by hash; what it replaces there is kept in ${replacedPlace(context)}`,
    drop: `it is put aside, in ${asidePlace(input.to, 'dropped', run.id)}`,
    ...(decided === undefined || decided === 'ask' ? {} : { decided }),
  };
}

/**
 * Does with later writes what was decided, once, before the copy goes or is left to an earlier pass.
 *
 * @returns false when there are some and nobody has decided
 * @throws StepError `copy.undo-target-in-use`, `copy.undo-source-lost`, and those of `carryBack`
 */
export async function settleNews(context: Undoing): Promise<boolean> {
  const { host, input, log } = context;
  const manifest = manifestOf(input);
  if (manifest === undefined) return true;
  const writes = await newsOf(context, manifest);
  if (writes.every(({ what }) => what === 'deleted')) return true;
  if (await settledBefore(context, manifest, writes)) return true;
  const decision = context.laterWrites ?? (input.laterWrites === 'ask' ? undefined : input.laterWrites);
  if (decision === undefined) {
    const more = writes.length > 3 ? ` and ${writes.length - 3} more` : '';
    log(`written to the copy since: ${firstPaths(writes, 3).join(', ')}${more}`);
    return false;
  }
  await refuseShownElsewhere(host, input.to);
  await (decision === 'drop' ? drop(context, writes) : bringBack(context, writes));
  await host.files.replace(settledFile(input), `${JSON.stringify(markOf(manifest, decision, writes))}\n`);
  return true;
}

/** Forgets what became of later writes, with the copy that they were written to. */
export async function forgetNews({
  host,
  input,
}: Pick<Looking, 'host'> & { readonly input: Pick<CopyInput, 'manifest'> }): Promise<void> {
  for (const file of [settledFile(input), keptFile(input), listFile(input)]) await host.files.remove(file);
}

function manifestOf({ manifest }: CopyInput): Manifest | undefined {
  return findManifest(manifest) ?? findManifest(putAside(manifest));
}

async function newsOf(
  { host, input, captured, signal }: Looking,
  manifest: Manifest,
): Promise<readonly LaterWrite[]> {
  const writes = await laterWrites(manifest, input.to, signal);
  if (input.contents === 'nix-store') return storeWrites(host, input.to, writes);
  // Covered by the copy itself it cannot be seen; after the reboot it is asked again.
  if (identify(input.from)?.inode !== captured.source.inode) return writes;
  const { missingPaths } = await checkSource(manifest, input.from, { signal });
  return withTheLast(writes, input.to, missingPaths);
}

/**
 * Refuses to give up a copy whose source is damaged, all of which it reads.
 *
 * @throws StepError `copy.undo-source-lost`
 */
export async function refuseDamagedSource(context: Undoing): Promise<void> {
  const { host, input, signal } = context;
  const { from, to } = input;
  const manifest = manifestOf(input);
  if (manifest === undefined) return;
  const { damaged } = await checkSource(manifest, from, { signal, whole: machineFor(context) });
  // What was carried back is not what was copied, and that is meant.
  const carried =
    damaged.length === 0 || (await host.files.read(keptFile(input))) === undefined
      ? new Set<string>()
      : new Set(firstPaths(await laterWrites(manifest, to, signal), Infinity));
  const wrong = damaged.filter((path) => !carried.has(path));
  if (wrong.length === 0) return;
  const more = wrong.length > 3 ? ` and ${wrong.length - 3} more` : '';
  throw new StepError(
    'copy.undo-source-lost',
    `files of ${from} are damaged, so the copy stays: ${wrong.slice(0, 3).join(', ')}${more} hold something else than when they were copied, under the same size and time`,
    `Copy them back from ${to}, and roll back again.`,
  );
}

async function drop(context: Undoing, writes: readonly LaterWrite[]): Promise<void> {
  const { input, run, log } = context;
  const aside = asidePlace(input.to, 'dropped', run.id);
  const moved = await putWritesAside({ tree: input.to, aside, writes }, machineFor(context));
  log(`${moved} paths that were written to ${input.to} since the cut-over are kept in ${aside}`);
}

async function bringBack(context: Undoing, writes: readonly LaterWrite[]): Promise<void> {
  const { host, input, captured, log } = context;
  const source = identify(input.from);
  // Device numbers may change at a boot.
  if (source?.inode !== captured.source.inode) {
    throw new StepError(
      'copy.undo-source-lost',
      `${input.from} is not the tree that was copied, so nothing is carried back to it`,
      'Bring it back to its place (mount it, or unmount what covers it), and roll back again.',
    );
  }
  const digest = digestOf(writes);
  const carried = await carryBack(
    {
      copy: input.to,
      tree: input.from,
      writes:
        input.contents === 'nix-store' ? writes.filter(({ path }) => !path.startsWith('store/')) : writes,
      aside: replacedPlace(context),
      list: listFile(input),
      kept: (await host.files.read(keptFile(input))) === digest,
      asRoot: captured.asRoot,
    },
    machineFor(context),
    () => host.files.replace(keptFile(input), digest),
  );
  log(`carried back to ${input.from}: ${carried.carried} paths, ${carried.removed} removed there`);
  if (carried.replaced > 0) log(`what was replaced is kept in ${replacedPlace(context)}`);
  if (input.contents === 'nix-store') await carryStoreBack(context, writes);
}

function machineFor(context: Undoing) {
  const { host, input } = context;
  return actMachine(context, async () => {
    if (input.expectMount !== undefined) await requireMounted(host, input.expectMount);
  });
}

function replacedPlace({ input, run }: Looking): string {
  return asidePlace(input.from, 'replaced', run.id);
}

/** Says for which manifest and which writes it is settled. */
function settledFile({ manifest }: Pick<CopyInput, 'manifest'>): string {
  return `${manifest}.later-writes.json`;
}

/** Says for which writes all that they replace is kept. */
function keptFile({ manifest }: Pick<CopyInput, 'manifest'>): string {
  return `${manifest}.replaced-kept`;
}

function listFile({ manifest }: Pick<CopyInput, 'manifest'>): string {
  return `${manifest}.paths-to-carry`;
}

function markOf(manifest: Manifest, decision: LaterWritesDecision, writes: readonly LaterWrite[]) {
  return { manifest: manifest.summary.sha256, decision, writes: digestOf(writes) };
}

/** What was carried back is still there on the new side, and must not be taken for news again. */
async function settledBefore(
  { host, input }: Looking,
  manifest: Manifest,
  writes: readonly LaterWrite[],
): Promise<boolean> {
  const text = await host.files.read(settledFile(input));
  if (text === undefined) return false;
  const mark = JSON.parse(text) as ReturnType<typeof markOf>;
  return mark.manifest === manifest.summary.sha256 && mark.writes === digestOf(writes);
}

function digestOf(writes: readonly LaterWrite[]): string {
  const digest = createHash('sha256');
  for (const { path, what, type, bytes, stamp } of writes)
    digest.update(`${what} ${type} ${bytes} ${stamp} `).update(path, 'latin1').update('\0');
  return digest.digest('hex');
}
