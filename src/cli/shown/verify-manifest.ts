import { resolve } from 'node:path';
import { identify, isCopy, verify, type Manifest } from '../../copy/index.ts';
import { exitCodes, UsageError, type ExitCode } from '../../errors.ts';
import { verificationDocument, type VerificationDocument } from '../../render/documents/verification.ts';
import { verificationText } from '../../render/text/verification.ts';
import type { Globals } from '../invocation.ts';
import { print } from '../terminal/print.ts';
import { waiting } from '../terminal/waiting.ts';
import { terminalOf } from '../terminal/terminal.ts';

/** Compares a folder with a manifest, and tells; exit code 1 for any difference. */
export async function verifyManifest(
  manifest: Manifest,
  folder: string | undefined,
  sample: { readonly share: number; readonly seed: string } | undefined,
  globals: Globals,
): Promise<ExitCode> {
  const target = folder === undefined ? manifest.header.target.path : resolve(folder);
  const terminal = await terminalOf(globals);
  const copiedTo = isCopiedTo(manifest, target, folder);
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
    verify({ manifest, target, sample }, { progress, now: () => performance.now() }),
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
function isCopiedTo({ header }: Manifest, target: string, given: string | undefined): boolean {
  const now = identify(target);
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
