import { absolutePath, duration, secret, z } from 'migrate-runbook';

const name = z
  .string()
  .regex(/^[\w.-]+$/)
  .meta({ expects: 'a name' });
const text = z.string().min(1);

export const params = z.object({
  destination: z
    .string()
    .regex(/^s3:\/\/[^/\s]+(\/[^\s]*)?$/, { error: 'expected s3://BUCKET or s3://BUCKET/FOLDER' })
    .meta({ expects: 's3://BUCKET or s3://BUCKET/FOLDER' })
    .describe('Bucket and folder of the archive; the bucket must exist'),
  credentials: absolutePath.describe(
    'File of credentials in the form of ~/.aws/credentials, which only the server’s user can read',
  ),
  profile: name.optional().describe('Section of that file; default when left out'),
  endpoint: z.url().optional().describe('Address of a store that is not Amazon’s'),
  serverName: name.default('pg-main').describe('Name of the server within the archive'),
  continueArchive: z
    .boolean()
    .default(false)
    .describe('Go on with an archive that holds WAL of this very cluster'),
  user: name.default('postgres').describe('System user of the server'),
  socket: absolutePath.default('/run/postgresql').describe('Folder of the server’s socket'),
  port: z.number().int().min(1).max(65_535).default(5432).describe('Port of the server'),
  unit: text.default('postgresql.service').describe('Unit of the server'),
  dataFolder: absolutePath.default('/persist/postgres-data').describe('Data folder of the cluster'),
  walFolder: absolutePath.default('/persist/postgres-wal').describe('Where its pg_wal leads to'),
  programs: absolutePath
    .default('/run/current-system/sw/bin')
    .describe('Folder with barman-cloud and psql, as the units and the server call them'),
  flake: absolutePath.describe('Folder of the NixOS configuration flake'),
  host: name.default('forge').describe('Name of the host in the flake'),
  hostFile: text.default('hosts/forge/default.nix').describe('File of the host, within the flake'),
  importsText: text
    .default('imports = [')
    .describe('Text of the host file, there exactly once, after which a module is inserted'),
  settingsBy: z
    .enum(['configuration', 'alter-system'])
    .default('configuration')
    .describe(
      'Where the settings of the server go: into the configuration, or into the cluster by ALTER SYSTEM',
    ),
  schedule: text.default('daily').describe('When a base backup is made, as OnCalendar of systemd'),
  onFailure: text
    .optional()
    .describe(
      'Unit that tells of a failure; UNIT stands for which. When left out, one of its own calls migrate notify',
    ),
  program: z
    .tuple([text], text)
    .default(['/run/current-system/sw/bin/migrate'])
    .describe('How a unit calls migrate, word by word'),
  excludesFile: text
    .default('hosts/_modules/nixos/backup.nix')
    .describe('File of the general backup job, within the flake'),
  excludesText: text
    .default('excludePatterns = [')
    .describe('Text of that file, there exactly once, after which the two folders are excluded'),
  backupRepository: text.describe('restic repository for a dump of all databases before the first change'),
  backupPassword: secret('Where the password of the repository lies'),
  scratch: absolutePath
    .default('/var/tmp')
    .describe('Folder with room for a dump, and for the cluster that is restored as a proof'),
  scratchPort: z.number().int().min(1).max(65_535).default(54_329).describe('Port of that cluster'),
  proofRows: z.number().int().min(1).max(1_000_000).default(1_000).describe('Rows that the proof writes'),
  archiveWithin: duration.default('10m').describe('How long a WAL file may take to arrive'),
  proofWithin: duration.default('2h').describe('How long the recovery of the proof may take'),
});
export type Params = z.output<typeof params>;
