import { absolutePath, secret, z } from 'migrate-runbook';

const name = (what: string) =>
  z
    .string()
    .regex(/^[\w.@:/-]+$/, { error: `expected ${what}` })
    .meta({ expects: what });

const within = z.array(z.string().min(1));

export const params = z.object({
  service: z
    .string()
    .regex(/^[\w-]+$/)
    .meta({ expects: 'a name' })
    .describe('Name of the service, as in preseed@SERVICE.service'),
  dataPath: absolutePath.describe('Where its data lies'),
  dataset: name('the name of a dataset')
    .optional()
    .describe('ZFS dataset that is mounted there; a folder else'),
  mountPoint: absolutePath
    .optional()
    .describe('For a folder: where the file system that holds it is mounted, when it is not the root'),
  mustHold: within.min(1).describe('Files without which it is no data of this service, within dataPath'),
  sqlite: within.default([]).describe('SQLite databases that must be sound, within dataPath'),
  postgres: z.boolean().default(false).describe('It is a PostgreSQL data folder'),
  owner: name('the name of a user').optional().describe('User to whom the folder belongs'),
  group: name('the name of a group').optional().describe('Group of the folder; as the user when left out'),
  properties: z
    .record(z.string(), z.string())
    .default({})
    .describe('Properties for a new dataset, where the one that was there is gone with its own'),
  snapshots: z.boolean().default(true).describe('Ask the snapshots of the dataset itself'),
  replica: name('the name of a dataset').optional().describe('Dataset of another pool that holds a replica'),
  replicaHost: name('USER@HOST').optional().describe('Where the replica lies, when not on this machine'),
  repository: z.string().min(1).optional().describe('restic repository of the backups'),
  password: secret('Where its password lies').optional(),
  s3Repository: z
    .string()
    .min(1)
    .optional()
    .describe('A second restic repository, such as s3:https://HOST/BUCKET'),
  s3Password: secret('Where its password lies').optional(),
  s3KeyId: secret('Where the id of its access key lies').optional(),
  s3Key: secret('Where its access key lies').optional(),
  backupHost: name('a name').optional().describe('Under which host name the backups were made'),
  backupPath: absolutePath
    .optional()
    .describe('Where the data lay when it was backed up; dataPath when left out'),
  backupTags: within.default([]).describe('Tags that a backup must bear'),
  limit: z
    .string()
    .regex(/^\d+[smh]$/)
    .meta({ expects: 'a duration such as 30m' })
    .default('3600s')
    .describe('How long all sources together may take'),
  flag: absolutePath
    .optional()
    .describe(
      'File that holds backups back while the data is missing; /var/lib/migrate-preseed/SERVICE.missing when left out',
    ),
  mayBeginEmpty: z
    .boolean()
    .default(false)
    .describe('Begin empty without asking once it is proven that no backup exists, as for a new service'),
  tellSkipped: z.boolean().default(true).describe('Tell also when the data is there'),
});
export type Params = z.output<typeof params>;
