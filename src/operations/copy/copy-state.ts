import { dirname } from 'node:path';
import {
  copyLogFile,
  findManifest,
  isDistrusted,
  isSourceUntouched,
  readCopyLogHeader,
  readPasses,
  sameFolder,
  type FolderIdentity,
  type FolderLook,
  type Manifest,
} from '../../copy/index.ts';
import { MigrateError, StepError } from '../../errors.ts';
import type { Host, ReadContext } from '../../runbook/index.ts';
import { overlap, type ExpectedMount } from './copy-input.ts';
import { checkPlaces, futurePath } from './copy-places.ts';
import type { Side, Sides } from './copy-sides.ts';
import { bothAsRoot, rsyncVersion } from './copy-tools.ts';
import { requireMounted } from '../mounts/require-mount.ts';

/** What a copy finds before its first attempt; it decides what an undo may remove. */
export interface CopyCaptured {
  readonly source: FolderIdentity;
  /** `ours`: an earlier pass of this run filled it. `existing`: it held something, and that is meant. */
  readonly target: 'absent' | 'empty' | 'ours' | 'existing';
  /** Folders that will be made, outermost first. */
  readonly missing: readonly string[];
  /** Of an empty target, to be left like that again. */
  readonly look: FolderLook | null;
  /** Passes of this copy that began before this step. */
  readonly passes: number;
  readonly asRoot: boolean;
}

interface Input {
  readonly pass: 'warm' | 'final';
  readonly manifest: string;
  readonly exclude?: readonly string[] | undefined;
  readonly expectMount?: ExpectedMount | undefined;
  readonly into?: 'existing' | undefined;
}

/**
 * Looks at source and target before anything is written.
 *
 * @throws StepError `copy.target-not-empty`, `copy.manifest-inside`, and as `checkPlaces`, `rsyncVersion`
 */
export async function captureCopy(sides: Sides, input: Input, owner: string): Promise<CopyCaptured> {
  const { from, to } = sides;
  const { manifest } = input;
  const { source } = await checkPlaces(sides, input);
  await rsyncVersion(from.host);
  if (to.host !== from.host) await rsyncVersion(to.host);
  for (const { far, host, path: tree } of [from, to]) {
    if (far !== undefined) continue;
    const [file, folder] = await Promise.all([futurePath(host, manifest), futurePath(host, tree)]);
    if (!overlap(file, folder)) continue;
    throw new StepError(
      'copy.manifest-inside',
      `the manifest ${manifest} would lie in ${tree}, which it describes`,
      'Let it lie in the folder of the run, which the context gives as run.folder.',
    );
  }
  return {
    source,
    target: await stateOfTarget(to, input, owner),
    missing: await missingFolders(to.host, to.path),
    look: (await to.identify()) === undefined || !(await to.isEmpty()) ? null : await to.look(),
    passes: readPasses(copyLogFile(manifest)).length,
    asRoot: await bothAsRoot(sides),
  };
}

/**
 * What became of a pass.
 *
 * @throws StepError when the target's disk is not mounted, so that nobody can tell
 */
export async function probeCopy(
  { from, to, signal }: Sides & Pick<ReadContext, 'signal'>,
  input: Input,
  captured: CopyCaptured,
  owner: string,
) {
  const { pass, manifest: file, expectMount } = input;
  if (expectMount !== undefined) await requireMounted(to.host, expectMount);
  const target = await to.identify();
  if (target === undefined || (await to.isEmpty())) return 'not-started';
  if (!isOurs(copyLogFile(file), target, owner)) {
    if (captured.target === 'existing') return 'not-started';
    return { unknown: `${to.place} holds something that this run did not copy` };
  }
  // The undo of a pass over an earlier one leaves the tree to that one.
  if (captured.target !== 'absent' && captured.target !== 'empty' && isDistrusted(copyLogFile(file)))
    return 'not-started';
  const { device, inode } = target;
  if (pass === 'warm') {
    const end = readPasses(copyLogFile(file))
      .slice(captured.passes)
      .findLast((one) => one !== undefined);
    if (end === undefined) return 'partial';
    const { transferredFiles, transferredBytes } = end;
    return { done: { transferredFiles, transferredBytes, device, inode } };
  }
  const manifest = wholeManifest(file);
  if (manifest === undefined || !sameFolder(manifest.header.target, target)) return 'partial';
  const source = await from.identify();
  if (source === undefined || !sameFolder(manifest.header.source, source)) return 'partial';
  // Between the end of an attempt and now the source may have been in use again.
  if (!(await isSourceUntouched(manifest, from.path, signal, from.tree))) return 'partial';
  const end = readPasses(copyLogFile(file)).at(-1);
  const { entries, files, bytes, sha256 } = manifest.summary;
  return {
    done: {
      transferredFiles: end?.transferredFiles ?? 0,
      transferredBytes: end?.transferredBytes ?? 0,
      manifest: { file, sha256, entries, files, bytes },
      device,
      inode,
    },
  };
}

/** Whether a log says that this run fills that very folder. */
export function isOurs(log: string, target: FolderIdentity, owner: string): boolean {
  const header = readCopyLogHeader(log);
  return header !== undefined && header.owner === owner && header.target.inode === target.inode;
}

async function stateOfTarget(
  to: Side,
  { manifest, into }: Input,
  owner: string,
): Promise<CopyCaptured['target']> {
  const target = await to.identify();
  if (target === undefined) {
    if ((await to.host.files.stat(to.path)) === undefined) return 'absent';
    throw new StepError(
      'copy.no-folder',
      `${to.place} is there and is no folder`,
      'Move it away, or choose another target.',
    );
  }
  if (await to.isEmpty()) return 'empty';
  if (isOurs(copyLogFile(manifest), target, owner)) return 'ours';
  if (into === 'existing') return 'existing';
  throw new StepError(
    'copy.target-not-empty',
    `${to.place} is not empty, and this run did not fill it`,
    "Look at what it holds. Move it away, choose another folder, or say into: 'existing' when it is an earlier copy to go on with; a final pass deletes there what the source does not hold.",
  );
}

async function missingFolders(host: Host, to: string): Promise<string[]> {
  const missing: string[] = [];
  for (let path = to; (await host.files.stat(path)) === undefined; path = dirname(path))
    missing.unshift(path);
  return missing;
}

/** A damaged one is written anew. */
function wholeManifest(file: string): Manifest | undefined {
  try {
    return findManifest(file);
  } catch (error) {
    if (error instanceof MigrateError && error.code === 'manifest.damaged') return undefined;
    throw error;
  }
}
