import type { Manifest } from '../../copy/index.ts';
import { StepError } from '../../errors.ts';
import { durationMs, type ActContext } from '../../runbook/index.ts';
import { ageOf } from '../copy/moment.ts';
import type { ProvenBackup, RemoveInput } from './remove-input.ts';
import { askRestic, type Snapshot } from '../restic/restic.ts';
import { restoreSample } from '../restic/restic-proof.ts';

/** The backup that a removal rested on; text when there is none, and why. */
export type BackupEvidence =
  | string
  | {
      readonly snapshot: string;
      /** Restored and compared right before. */
      readonly files: number;
      readonly provenMsAgo: number;
    };

const sampleFiles = 10;

/**
 * Proves right before the removal that the backup of this tree is still there and can be restored.
 *
 * @throws StepError `remove.backup-too-old`, `remove.backup-gone`, `remove.backup-other-tree`, and those of
 *   `resticProof`
 */
export async function proveBackup(
  context: ActContext<unknown, unknown, RemoveInput>,
  manifest: Manifest,
): Promise<BackupEvidence> {
  const { host, run, input } = context;
  if (typeof input.backup === 'string') return input.backup;
  const { backup } = input;
  const { snapshot, provenAt } = backup.proof;
  const provenMsAgo = await ageOf(host, provenAt);
  refuseOldProof(backup, provenMsAgo);
  const found = await findSnapshot(context, backup);
  const { path } = manifest.header.source;
  if (!found.paths.some((one) => path === one || path.startsWith(one === '/' ? '/' : `${one}/`))) {
    throw new StepError(
      'remove.backup-other-tree',
      `the snapshot ${snapshot} holds ${found.paths.join(', ')}, and not ${path}, of which the copy was made`,
      'Give the proof of a snapshot of this very tree.',
    );
  }
  const { sample = sampleFiles, scratch } = backup;
  const access = { repository: backup.repository, password: backup.password, env: backup.env };
  const restored = await restoreSample(context, {
    ...access,
    snapshot,
    sample,
    // Another one than the proof's, so that other files are restored than then.
    seed: `${run.id}-removal`,
    ...(scratch === undefined ? {} : { scratch }),
  });
  return { snapshot, files: restored.files, provenMsAgo };
}

function refuseOldProof({ proof, maxAge }: ProvenBackup, ageMs: number): void {
  if (ageMs >= 0 && ageMs <= durationMs(maxAge)) return;
  throw new StepError(
    'remove.backup-too-old',
    ageMs < 0
      ? `the proof of the backup ${proof.snapshot} lies in the future, so the clock was set back and its age is unknown`
      : `the proof of the backup ${proof.snapshot} is ${Math.round(ageMs / 3_600_000)} hours old, and ${maxAge} is the limit`,
    'Prove the backup again.',
  );
}

async function findSnapshot(
  { host }: ActContext<unknown, unknown, RemoveInput>,
  backup: ProvenBackup,
): Promise<Snapshot> {
  const { snapshot } = backup.proof;
  const { stdout } = await askRestic(host, backup, ['snapshots', '--json', '--no-lock']);
  const found = ((JSON.parse(stdout) as Snapshot[] | null) ?? []).find(({ id }) => id.startsWith(snapshot));
  if (found !== undefined) return found;
  throw new StepError(
    'remove.backup-gone',
    `the snapshot ${snapshot}, which was proven, is no longer in the repository`,
    'Somebody has forgotten or pruned it. Back the tree up and prove it again before anything is deleted.',
  );
}
