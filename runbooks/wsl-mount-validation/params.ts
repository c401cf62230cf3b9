import { absolutePath, z } from 'migrate-runbook';

/** How Windows may be restarted; each leaves something else of WSL alive. */
export const windowsRestarts = ['restart', 'fast-startup', 'update'] as const;

export const params = z.object({
  storageMount: absolutePath.default('/mnt/wsl/storage').describe('Where the SSD is mounted'),
  storageUuid: z
    .string()
    .regex(/^[0-9a-fA-F-]{4,36}$/, { error: 'expected a file-system UUID, as blkid prints it' })
    .meta({ expects: 'a file-system UUID, as blkid prints it' })
    .describe('UUID of the file system on the SSD; it is looked for by this and nothing else'),
  subfolder: z
    .string()
    .regex(/^[\w.-]+$/)
    .meta({ expects: 'a name' })
    .default('nixos-wsl-main')
    .describe('Folder on the SSD that is, or will be, mounted over source'),
  source: absolutePath.default('/nix').describe('Where that folder is mounted after the cut-over'),
  user: z
    .string()
    .regex(/^[\w.-]+$/)
    .meta({ expects: 'an account' })
    .describe('The ordinary user, who may write to the folder before the cut-over and not afterwards'),
  mountUnit: z.string().default('wsl-storage-mount.service').describe('Unit that mounts the SSD'),
  retries: z.number().int().min(1).default(30).describe('How often the unit looks for the disk'),
  lateSeconds: z
    .number()
    .positive()
    .default(4)
    .describe('By how much the disk comes late when that is tried'),
  retriesLimitSeconds: z
    .number()
    .positive()
    .default(300)
    .describe('Seconds within which the unit must have given up a disk that never comes'),
  recoverSeconds: z
    .number()
    .positive()
    .default(15)
    .describe('How long the unit has to mount the disk again by itself'),
  logFile: absolutePath
    .default('/var/log/wsl-mount.log')
    .describe('What the unit writes besides the journal'),
  logLimitKibibytes: z.number().positive().default(1024).describe('Beyond this the log is not kept bounded'),
  distribution: z
    .string()
    .regex(/^[\w.-]+$/)
    .meta({ expects: 'a name' })
    .default('NixOS')
    .describe('Name of this WSL distribution'),
  fallbackScript: absolutePath.describe(
    'PowerShell script that mounts the disk from Windows, as WSL sees it: /mnt/c/…',
  ),
  windowsRestarts: z
    .array(z.enum(windowsRestarts))
    .default(['restart'])
    .describe('Ways in which Windows is restarted; each is a gate'),
});
export type Params = z.output<typeof params>;

/** The SSD, by what it is told from any other. */
export const storage = (p: Params) => ({ point: p.storageMount, uuid: p.storageUuid });

/** The folder of this instance on it. */
export const target = (p: Params) => `${p.storageMount}/${p.subfolder}`;
