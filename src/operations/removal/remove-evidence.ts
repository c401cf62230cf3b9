import { checkCopyInUse, type Manifest } from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import { durationMs, type ActContext } from '../../runbook/index.ts';
import { ageOf } from '../copy/moment.ts';
import type { RemoveInput } from './remove-input.ts';

const sampleFiles = 200;

/** What the removal rested on. */
export interface RemovalEvidence {
  readonly manifest: string;
  /** Files of the new copy that were looked at right before, and what was found. */
  readonly files: number;
  readonly sound: number;
  readonly changed: number;
  readonly missing: number;
  /** Milliseconds between the full verification and the removal; `null` when it was done right before. */
  readonly verifiedMsAgo: number | null;
}

/**
 * Proves right before the removal that the new copy is sound.
 *
 * @throws StepError `remove.verification-too-old`, `remove.other-verification`, `remove.copy-damaged`,
 *   `remove.copy-incomplete`
 */
export async function proveCopy(
  { host, input, progress, signal, run }: ActContext<unknown, unknown, RemoveInput>,
  manifest: Manifest,
): Promise<RemovalEvidence> {
  const verifiedMsAgo =
    input.verification === undefined ? null : await ageOf(host, input.verification.verifiedAt);
  if (input.verification !== undefined) refuseOldVerification(input, manifest, verifiedMsAgo);
  const sample =
    input.verification === undefined ? undefined : { files: input.sampleFiles ?? sampleFiles, seed: run.id };
  const watch = { progress, signal, now: () => performance.now() };
  const { files, sound, changed, missing, damaged } = await checkCopyInUse(
    manifest,
    input.newCopy,
    sample,
    watch,
  );
  if (damaged.length > 0) {
    throw new StepError(
      'remove.copy-damaged',
      `files of the new copy ${input.newCopy} hold something else than when they were copied, under the same size and time: ${some(damaged)}`,
      'Copy them back from the old tree, and find out why: see dmesg and smartctl of that disk.',
    );
  }
  // What use deletes is a small part; a copy that lacks half is none.
  if (missing.length > 0 && (input.missing !== 'accept' || missing.length * 2 > files)) {
    throw new StepError(
      'remove.copy-incomplete',
      `of ${files} files ${missing.length} are no longer in the new copy ${input.newCopy}: ${some(missing)}`,
      "When its users deleted them (garbage collection), say so with missing: 'accept'; else copy them back from the old tree.",
    );
  }
  return { manifest: manifest.summary.sha256, files, sound, changed, missing: missing.length, verifiedMsAgo };
}

function refuseOldVerification(
  { verification, maxAge }: RemoveInput,
  manifest: Manifest,
  ageMs: number | null,
): void {
  if (verification?.manifest !== manifest.summary.sha256) {
    throw new StepError(
      'remove.other-verification',
      'the verification was made against another manifest than the one given',
      'Verify the copy against this manifest again.',
    );
  }
  if (ageMs !== null && ageMs >= 0 && ageMs <= durationMs(maxAge ?? 0)) return;
  throw new StepError(
    'remove.verification-too-old',
    ageMs !== null && ageMs < 0
      ? 'the verification lies in the future, so the clock was set back and its age is unknown'
      : `the verification is ${Math.round((ageMs ?? 0) / 3_600_000)} hours old, and ${maxAge} is the limit`,
    'Verify the copy again.',
  );
}

function some(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).join(', ');
  return paths.length > 5 ? `${shown} and ${paths.length - 5} more` : shown;
}
