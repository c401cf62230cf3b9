export { appendToFile } from './files/append-to-file.ts';
export { archiveCommand, readBarmanFlags, type BarmanFlags } from './postgres/barman.ts';
export { archiveFailures, walWaiting } from './health/postgres-measures.ts';
export { backupAge, type BackupsOf } from './health/backups.ts';
export {
  backupSuccess,
  failedStarts,
  preseedFailures,
  preseedRuns,
  restoreTestAge,
  restoreTestFailures,
} from './health/unit-measures.ts';
export { barmanArchiveReady } from './postgres/barman-archive-ready.ts';
export { barmanBackup, baseBackupOptions } from './postgres/barman-backup.ts';
export { barmanBackups } from './postgres/barman-backups.ts';
export { bindMount } from './mounts/bind-mount.ts';
export { checkOf } from './health/check-of.ts';
export { command } from './commands/command.ts';
export { copyPreview } from './copy/copy-preview.ts';
export { copyTree } from './copy/copy-tree.ts';
export { dataAt } from './restore/data-at.ts';
export {
  datasetCapacity,
  poolCapacity,
  propertyDrift,
  scrubAge,
  scrubErrors,
  snapshotAge,
  snapshotCount,
  snapshotLag,
} from './health/zfs-measures.ts';
export {
  discoverState,
  type DiscoverOptions,
  type MachineState,
  type StatePath,
} from './state-discovery/discover.ts';
export { editFile } from './files/edit-file.ts';
export { forcedBuildBenchmark, statistics as benchmarkStatistics } from './nix/forced-build-benchmark.ts';
export { forcedFailure } from './replication/forced-failure.ts';
export { freezeUnits } from './units/freeze-units.ts';
export { httpAnswers, httpHealth, httpUp } from './services/http-health.ts';
export { identifyTree } from './copy/identify-tree.ts';
export { journalIsQuiet, journalQuiet } from './services/journal-quiet.ts';
export { judge, type Level } from './health/judge.ts';
export type { Limits, Measure, Measured } from './health/measure.ts';
export { holdersOf as mountHolders, type Holder as MountHolder } from './mounts/mount-holders.ts';
export { lookForData } from './restore/look-for-data.ts';
export { makeFileSystems } from './disks/make-file-systems.ts';
export { mountFileSystem } from './mounts/mount-file-system.ts';
export { nixGarbageProof } from './nix/nix-garbage-proof.ts';
export { nixosDryBuild } from './nix/nixos-dry-build.ts';
export { nixosRebuild } from './nix/nixos-rebuild.ts';
export { nixosTest } from './nix/nixos-test.ts';
export { nixStoreVerify } from './nix/nix-store-verify.ts';
export { ownership } from './services/ownership.ts';
export { drawPartitions } from './disks/picture.ts';
export { describeDisk, findDisk } from './disks/find-disk.ts';
export { fileSystemUuid } from './mounts/file-system-uuid.ts';
export { followPath } from './mounts/follow-path.ts';
export { partitionDisk } from './disks/partition-disk.ts';
export { partitionLayout, type PartitionLayout } from './disks/layout.ts';
export { partitionPath, readTable } from './disks/partition-table.ts';
export { planPartitions } from './disks/plan-partitions.ts';
export { poolOf } from './zfs/names.ts';
export { postgresControl } from './postgres/control-data.ts';
export { postgresExecute, postgresQuery } from './postgres/access.ts';
export { postgresPitrProof } from './postgres/pitr-proof.ts';
export { postgresRows } from './postgres/postgres-rows.ts';
export { postgresSettings } from './postgres/postgres-settings.ts';
export { postgresSettingsInForce } from './postgres/settings-in-force.ts';
export { postgresShutdown } from './postgres/postgres-shutdown.ts';
export { postgresSnapshotProof } from './postgres/postgres-snapshot-proof.ts';
export { probedCommand } from './commands/probed-command.ts';
export { probeOf } from './health/probe-of.ts';
export { removeTree } from './removal/remove-tree.ts';
export { replicaComparison } from './replication/replica-comparison.ts';
export { replicationLag } from './replication/replication-lag.ts';
export { replicationRoom } from './replication/replication-room.ts';
export { requireMount, requireMounted } from './mounts/require-mount.ts';
export { resticBackup } from './restic/restic-backup.ts';
export { resticDatabases, type BackedUpDatabases } from './restic/restic-databases.ts';
export { resticProof } from './restic/restic-proof.ts';
export { resticRestorable } from './restic/restic-restorable.ts';
export { restartUnits } from './units/restart-units.ts';
export { sanoidPolicy } from './replication/sanoid-policy-check.ts';
export { sanoidSnapshots } from './replication/sanoid-snapshots.ts';
export { scheduledSnapshots } from './replication/scheduled-snapshots.ts';
export { sqliteCheck, sqliteSound } from './services/sqlite-check.ts';
export { stageRestore } from './restore/stage-restore.ts';
export { startUnits } from './units/start-units.ts';
export { stateDiscovery } from './state-discovery/state-discovery.ts';
export { swapIn } from './restore/swap-in.ts';
export { syncoidReplicate } from './replication/syncoid-replicate.ts';
export { thresholds } from './health/thresholds.ts';
export { unitErrors, unitRestarts, unitUp } from './units/unit-probes.ts';
export { unsupportedBy as zfsUnsupported } from './zfs/supported.ts';
export { verifyTree } from './copy/verify-tree.ts';
export { walArrives } from './postgres/wal-arrives.ts';
export { walFolder } from './postgres/wal-folder.ts';
export { zfsDataset } from './zfs/zfs-dataset.ts';
export { zfsDestroy } from './zfs/zfs-destroy.ts';
export { destroyOne as zfsDestroyOne } from './zfs/destroy-one.ts';
export { zfsList, zfsProperties } from './zfs/zfs.ts';
export { zfsPool } from './zfs/zfs-pool.ts';
export { zfsReplicate } from './zfs/zfs-replicate.ts';
export { zfsSnapshot } from './zfs/zfs-snapshot.ts';
