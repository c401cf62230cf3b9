export { appendToFile } from './files/append-to-file.ts';
export { backupAge, type BackupsOf } from './health/backups.ts';
export { bindMount } from './mounts/bind-mount.ts';
export { checkOf } from './health/check-of.ts';
export { command } from './commands/command.ts';
export { copyPreview } from './copy/copy-preview.ts';
export { copyTree } from './copy/copy-tree.ts';
export { editFile } from './files/edit-file.ts';
export { forcedFailure } from './replication/forced-failure.ts';
export { forcedBuildBenchmark } from './nix/forced-build-benchmark.ts';
export { freezeUnits } from './units/freeze-units.ts';
export {
  backupSuccess,
  failedStarts,
  preseedFailures,
  preseedRuns,
  restoreTestAge,
  restoreTestFailures,
} from './health/unit-measures.ts';
export { httpAnswers, httpHealth, httpUp } from './services/http-health.ts';
export { identifyTree } from './copy/identify-tree.ts';
export { lookForData } from './restore/look-for-data.ts';
export { nixGarbageProof } from './nix/nix-garbage-proof.ts';
export { nixosRebuild } from './nix/nixos-rebuild.ts';
export { nixStoreVerify } from './nix/nix-store-verify.ts';
export { judge, type Level } from './health/judge.ts';
export type { Limits, Measure, Measured } from './health/measure.ts';
export { probedCommand } from './commands/probed-command.ts';
export { probeOf } from './health/probe-of.ts';
export { thresholds } from './health/thresholds.ts';
export { removeTree } from './removal/remove-tree.ts';
export { replicaComparison } from './replication/replica-comparison.ts';
export { replicationLag } from './replication/replication-lag.ts';
export { requireMount, requireMounted } from './mounts/require-mount.ts';
export { resticBackup } from './restic/restic-backup.ts';
export { resticProof } from './restic/restic-proof.ts';
export { restartUnits } from './units/restart-units.ts';
export { sanoidPolicy } from './replication/sanoid-policy-check.ts';
export { sanoidSnapshots } from './replication/sanoid-snapshots.ts';
export { scheduledSnapshots } from './replication/scheduled-snapshots.ts';
export { startUnits } from './units/start-units.ts';
export { stageRestore } from './restore/stage-restore.ts';
export { swapIn } from './restore/swap-in.ts';
export { syncoidReplicate } from './replication/syncoid-replicate.ts';
export { unitErrors, unitRestarts, unitUp } from './units/unit-probes.ts';
export { verifyTree } from './copy/verify-tree.ts';
export { zfsDataset } from './zfs/zfs-dataset.ts';
export { zfsPool } from './zfs/zfs-pool.ts';
