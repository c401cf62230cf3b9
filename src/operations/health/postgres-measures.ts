import { failuresOfArchiving, waitingWal } from '../postgres/archiver.ts';
import { measureBy } from './measure-by.ts';
import { thresholds } from './thresholds.ts';

/** How often a PostgreSQL server has failed to archive its WAL: since a moment, or for as long as it fails now. */
export const archiveFailures = measureBy(
  'failures of archiving',
  failuresOfArchiving,
  thresholds.archiveFailures,
);

/** How many WAL files of a PostgreSQL server wait to be archived, and fill its disk meanwhile. */
export const walWaiting = measureBy('WAL that waits to be archived', waitingWal, thresholds.walWaiting);
