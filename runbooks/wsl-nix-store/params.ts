import { absolutePath, duration, secret, z } from 'migrate-runbook';

export const params = z.object({
  source: absolutePath
    .default('/nix')
    .describe('The Nix tree that moves, whole: its hard links hold only within one copy'),
  storageMount: absolutePath.default('/mnt/wsl/storage').describe('Where the SSD is mounted'),
  storageUuid: z
    .string()
    .regex(/^[0-9a-fA-F-]{4,36}$/, { error: 'expected a file-system UUID, as blkid prints it' })
    .meta({ expects: 'a file-system UUID, as blkid prints it' })
    .describe('UUID of the file system on the SSD; nothing is written before it is found there'),
  subfolder: z
    .string()
    .regex(/^[\w.-]+$/)
    .meta({ expects: 'a name' })
    .default('nixos-wsl-main')
    .describe('Folder on the SSD that holds the contents of the source'),
  flake: absolutePath.describe('Folder of the NixOS configuration flake'),
  host: z
    .string()
    .regex(/^[\w-]+$/)
    .meta({ expects: 'a name' })
    .default('thinky-nixos')
    .describe('Name of the host in the flake'),
  hostFile: z
    .string()
    .default('hosts/thinky-nixos/default.nix')
    .describe('File of the host, within the flake'),
  option: z
    .string()
    .regex(/^[\w.]+$/)
    .meta({ expects: 'a name' })
    .default('bindMountNixStore')
    .describe('Option that turns the bind mount on; stands in the host file as `OPTION = false;`'),
  importsText: z
    .string()
    .default('imports = [')
    .describe('Text of the host file, there exactly once, after which a module may be inserted'),
  mountUnit: z
    .string()
    .default('wsl-storage-mount.service')
    .describe('Unit that mounts the SSD and, when the option is on, binds it over the source'),
  distribution: z
    .string()
    .regex(/^[\w.-]+$/)
    .meta({ expects: 'a name' })
    .default('NixOS')
    .describe('Name of this WSL distribution, for wsl --terminate'),
  frozenUnits: z
    .array(z.string())
    .min(1)
    .default(['nix-daemon.socket', 'nix-daemon.service'])
    .describe('Units that write to the store; stopped and masked until the next boot'),
  frozenIfThere: z
    .array(z.string())
    .default(['nix-gc.timer', 'nix-optimise.timer', 'nixos-upgrade.timer'])
    .describe('The same, for units that need not exist'),
  backupRepository: z.string().min(1).describe('restic repository for the backup, on another disk'),
  backupPassword: secret('Where the password of the repository lies'),
  validationReport: absolutePath.optional().describe('Report of a mount validation that ended PASS'),
  validationMaxAgeDays: z.number().positive().default(7).describe('How old that report may be'),
  skipMountValidation: z.boolean().default(false).describe('Go on without such a report'),
  laterWrites: z
    .enum(['ask', 'carry-back', 'drop'])
    .default('ask')
    .describe(
      'What a rollback does with what was written to the copy since the switch: ask, carry it back, or drop it',
    ),
  oldWrites: z
    .enum(['refuse', 'accept'])
    .default('refuse')
    .describe(
      'What cleanup does when the old copy was written to since it was copied: stop and name it, or lose it',
    ),
  backupMaxAge: duration
    .default('30d')
    .describe(
      'How old the proof of the backup may be when the old copy goes; a sample is restored again then',
    ),
  benchmarkRuns: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(5)
    .describe('How many forced builds each benchmark times'),
  benchmarkMebibytes: z.number().int().min(1).max(4096).default(64).describe('What each of them writes'),
  soakMin: duration.default('24h').describe('Observed healthy time before the old copy may go'),
  soakMax: duration
    .default('48h')
    .describe('Age past which the copy is verified again before the old one goes'),
});
