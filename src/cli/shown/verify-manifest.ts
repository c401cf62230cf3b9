import { posix, resolve } from 'node:path';
import {
  FarShell,
  farTree,
  identify,
  identifyFar,
  isCopy,
  localTree,
  verify,
  type FarAccess,
  type FolderIdentity,
  type Manifest,
  type Tree,
} from '../../copy/index.ts';
import { exitCodes, UsageError, type ExitCode } from '../../errors.ts';
import { farPlaceInput } from '../../operations/far/far-place.ts';
import { issueText } from '../../runbook/index.ts';
import { verificationDocument, type VerificationDocument } from '../../render/documents/verification.ts';
import { verificationText } from '../../render/text/verification.ts';
import type { Globals } from '../invocation.ts';
import { print } from '../terminal/print.ts';
import { waiting } from '../terminal/waiting.ts';
import { terminalOf } from '../terminal/terminal.ts';

interface Verified {
  readonly manifest: Manifest;
  readonly tree: Tree;
  readonly copiedTo: boolean;
  readonly sample: { readonly share: number; readonly seed: string } | undefined;
}

/** A folder here, or `user@host:/path`, whose port and key the ssh configuration knows. */
function placeOf(
  { header }: Manifest,
  folder: string | undefined,
): { readonly path: string; readonly access?: FarAccess } {
  if (folder === undefined) {
    const { path, host } = header.target;
    return host === undefined ? { path } : { path, access: { host } };
  }
  const [, host, path] = /^([^/]+?):(\/.*)$/.exec(folder) ?? [];
  if (host === undefined || path === undefined) return { path: resolve(folder) };
  const far = farPlaceInput.safeParse({ host, path: posix.normalize(path).replace(/(?!^)\/$/, '') });
  if (far.success) return { path: far.data.path, access: { host } };
  throw new UsageError(
    'verify.no-place',
    `${folder} is no folder on another machine: ${far.error.issues.map((issue) => issueText(issue)).join(', ')}`,
    'Write it as user@host:/path; a folder here with a colon in its name as ./NAME.',
  );
}

/** Compares a folder with a manifest, and tells; exit code 1 for any difference. */
export async function verifyManifest(
  manifest: Manifest,
  folder: string | undefined,
  sample: { readonly share: number; readonly seed: string } | undefined,
  globals: Globals,
): Promise<ExitCode> {
  const place = placeOf(manifest, folder);
  const terminal = await terminalOf(globals);
  const far = place.access && new FarShell(place.access);
  try {
    const tree = far === undefined ? localTree(place.path) : farTree(far, place.path);
    const now = await (far === undefined ? identify(place.path) : identifyFar(far, place.path));
    const copiedTo = isCopiedTo(manifest, tree.place, now, folder);
    return await verifyTree({ manifest, tree, copiedTo, sample }, terminal, globals);
  } finally {
    far?.close();
  }
}

async function verifyTree(
  { manifest, tree, copiedTo, sample }: Verified,
  terminal: Awaited<ReturnType<typeof terminalOf>>,
  globals: Globals,
): Promise<ExitCode> {
  const { place: target } = tree;
  const began = performance.now();
  const {
    manifest: sha256,
    entries,
    filesRead,
    bytesRead,
    cache,
    differences,
    kinds,
    first,
  } = await waiting(terminal, `verifying ${target}`, (progress) =>
    verify({ manifest, target: tree.root, tree, sample }, { progress, now: () => performance.now() }),
  );
  const exitCode = differences === 0 ? exitCodes.done : exitCodes.stepFailed;
  const document: VerificationDocument = {
    type: 'verification',
    target,
    manifest: { file: manifest.summary.file, sha256, completedAt: manifest.header.completedAt },
    copiedTo,
    ...{ entries, files: manifest.summary.files, filesRead, bytesRead, cache, differences },
    sample: sample ?? null,
    kinds: { ...kinds },
    first: [...first],
    exitCode,
    tookMs: Math.round(performance.now() - began),
  };
  print(globals, verificationDocument, document, () => verificationText(document, terminal.style));
  return exitCode;
}

/**
 * @throws UsageError `verify.no-folder`; `verify.other-folder` when nobody named the folder and another one
 *   stands in its place: where the copy's disk is not mounted, that may be the old tree
 */
function isCopiedTo(
  { header }: Manifest,
  target: string,
  now: FolderIdentity | undefined,
  given: string | undefined,
): boolean {
  if (now === undefined) {
    throw new UsageError(
      'verify.no-folder',
      `there is no folder ${target}`,
      'Mount the disk that holds the copy.',
    );
  }
  const copiedTo = isCopy(header, now);
  if (copiedTo || given !== undefined) return copiedTo;
  throw new UsageError(
    'verify.other-folder',
    `${target} is not the folder that the copy was made to: it has inode ${now.inode}, and the copy's is ${header.target.inode}`,
    'Mount the disk that holds the copy; or name the folder to compare it all the same.',
  );
}
