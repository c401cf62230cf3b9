import type { Limits } from './measure.ts';

/** From where on the figures of a machine with services on ZFS are bad; hours where the unit is `h`. */
export const thresholds = {
  replicationLag: { unit: 'h', warning: 12, critical: 24 },
  backupAge: { unit: 'h', warning: 24, critical: 48 },
  snapshotAge: { unit: 'h', warning: 48 },
  capacity: { unit: '%', warning: 80, critical: 90 },
  preseedFailures: { unit: 'failures', critical: 0 },
  // A restore is what it is for; several in a month say that data goes missing again and again.
  preseedRuns: { unit: 'restores', warning: 1 },
  failedStarts: { unit: 'failed starts', critical: 0 },
  backupSuccess: { unit: '%', warning: 95, critical: 80, worse: 'below' },
  restoreTestFailures: { unit: 'failures', critical: 0 },
  // Monthly and quarterly, with some days to spare.
  restoreTestAge: { unit: 'd', warning: 35, critical: 100 },
  scrubAge: { unit: 'd', warning: 35, critical: 100 },
  scrubErrors: { unit: 'errors', critical: 0 },
  // Listing and destroying become slow in the thousands.
  snapshotCount: { unit: 'snapshots', warning: 1_000, critical: 5_000 },
  propertyDrift: { unit: 'properties', warning: 0 },
  // PostgreSQL tries three times, waits a minute, and tries again: a store that is away for three minutes.
  archiveFailures: { unit: 'failures', warning: 0, critical: 9 },
  // Files of 16 MiB, as a rule: more than 160 MiB, and more than 1.6 GiB, that fill the disk.
  walWaiting: { unit: 'WAL files', warning: 10, critical: 100 },
} as const satisfies Readonly<Record<string, Limits>>;
