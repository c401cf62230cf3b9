import { absolutePath, z } from 'migrate-runbook';

const name = () =>
  z
    .string()
    .regex(/^[\w.-]+$/)
    .meta({ expects: 'a name' });

export const instance = z.strictObject({
  name: name().describe('How it is called here'),
  distribution: name().describe('Its name in Windows'),
  hostFile: z.string().min(1).describe('The file of its host, within the flake'),
  subfolder: name().describe('The folder on the SSD that is its source'),
});
export type Instance = z.output<typeof instance>;

const usual = (own: string, distribution: string, host: string): Instance => ({
  name: own,
  distribution,
  hostFile: `hosts/${host}/default.nix`,
  subfolder: `nixos-wsl-${own}`,
});

export const params = z.object({
  storageMount: absolutePath
    .default('/mnt/wsl/storage')
    .describe('Where the SSD is mounted, for all of them'),
  storageUuid: z
    .string()
    .regex(/^[0-9a-fA-F-]{4,36}$/, { error: 'expected a file-system UUID, as blkid prints it' })
    .meta({ expects: 'a file-system UUID, as blkid prints it' })
    .describe('UUID of the file system on the SSD'),
  source: absolutePath.default('/nix').describe('Where each of them sees its own folder'),
  flake: absolutePath.describe('Folder of the NixOS configuration flake'),
  option: name().default('nixStoreSubdir').describe('Option by which a host names its folder'),
  user: name().describe('An ordinary user, whom each of them has'),
  instances: z
    .array(instance)
    .min(2)
    .default([
      usual('main', 'NixOS', 'thinky-nixos'),
      usual('dev', 'nixos-wsl-dev', 'thinky-nixos-dev'),
      usual('test', 'nixos-wsl-test', 'thinky-nixos-test'),
    ])
    .describe('The instances'),
  quotaMebibytes: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Try project quotas with a limit of so much; left out, they are not tried'),
  paths: z.number().int().min(1).default(20).describe('Paths that each adds to its store in one round'),
  rounds: z.number().int().min(1).default(3).describe('How often each kind of round is timed'),
  slowdownLimit: z
    .number()
    .min(1)
    .default(3)
    .describe('How many times as long it may take when all work at once'),
});
export type Params = z.output<typeof params>;

export const storage = (p: Params) => ({ point: p.storageMount, uuid: p.storageUuid });
export const folderOf = (p: Params, { subfolder }: Instance) => `${p.storageMount}/${subfolder}`;
