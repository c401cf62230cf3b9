import { posix } from 'node:path';
import { z } from 'zod';
import { absolutePath } from '../../runbook/index.ts';
import { datasetName } from '../zfs/names.ts';

const beneath = z
  .string()
  .refine(
    (path) =>
      path !== '' && !path.startsWith('/') && posix.normalize(path) === path && !path.startsWith('..'),
    { error: 'expected a path within the data folder, such as sonarr.db' },
  );

const accountName = z.string().regex(/^[\w.-]+$/, { error: 'expected the name of an account' });

/** Where a service's data lies, and by what one knows that it is all there. */
export const dataPlace = z.strictObject({
  path: absolutePath,
  /** The ZFS dataset that is mounted exactly there; a plain folder when left out. */
  dataset: datasetName.optional(),
  /** For a folder: where the file system that holds it is mounted, when it is not the root. */
  mountPoint: absolutePath.optional(),
  /** Files or folders without which it is no data of this service, relative to `path`. */
  mustHold: z.array(beneath).min(1).readonly(),
  /** SQLite databases, relative to `path`, that must be sound. */
  sqlite: z.array(beneath).readonly().optional(),
  /** It is a PostgreSQL data folder. */
  postgres: z.boolean().optional(),
  /** Whose the folder is. */
  owner: z.strictObject({ user: accountName, group: accountName }).optional(),
});
export type DataPlace = z.output<typeof dataPlace>;
