import {
  zfsDatasetCapacity,
  zfsPoolCapacity,
  zfsPropertyDrift,
  zfsReplicationLag,
  zfsScrubAge,
  zfsScrubErrors,
  zfsSnapshotAge,
  zfsSnapshotCount,
} from '../zfs/measures.ts';
import { measureBy } from './measure-by.ts';
import { thresholds } from './thresholds.ts';

/** Percent of a pool in use. */
export const poolCapacity = measureBy('capacity of the pool', zfsPoolCapacity, thresholds.capacity);

/** Percent of what a dataset may hold, by its quota or by what is left in the pool. */
export const datasetCapacity = measureBy('capacity of the dataset', zfsDatasetCapacity, thresholds.capacity);

/** How many snapshots a dataset has. */
export const snapshotCount = measureBy('snapshots', zfsSnapshotCount, thresholds.snapshotCount);

/** Hours since the newest snapshot of a dataset. */
export const snapshotAge = measureBy('age of the newest snapshot', zfsSnapshotAge, thresholds.snapshotAge);

/** Days since the last scrub of a pool was done. */
export const scrubAge = measureBy('age of the last scrub', zfsScrubAge, thresholds.scrubAge);

/** Errors that a scrub could not repair, and those that the pool knows of. */
export const scrubErrors = measureBy('errors of the pool', zfsScrubErrors, thresholds.scrubErrors);

/** How many properties of a dataset are not as they should be. */
export const propertyDrift = measureBy('properties that drifted', zfsPropertyDrift, thresholds.propertyDrift);

/** Hours since the newest snapshot that one dataset and its replica have in common, by GUID. */
export const snapshotLag = measureBy(
  'age of the newest snapshot in common',
  zfsReplicationLag,
  thresholds.replicationLag,
);
