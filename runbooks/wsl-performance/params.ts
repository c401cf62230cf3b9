import { absolutePath, z } from 'migrate-runbook';

const mebibytes = (usual: number) => z.number().int().min(1).max(65_536).default(usual);

export const params = z.object({
  source: absolutePath.default('/nix').describe('The Nix tree that moves'),
  storageMount: absolutePath.default('/mnt/wsl/storage').describe('Where the SSD is mounted'),
  storageUuid: z
    .string()
    .regex(/^[0-9a-fA-F-]{4,36}$/, { error: 'expected a file-system UUID, as blkid prints it' })
    .meta({ expects: 'a file-system UUID, as blkid prints it' })
    .describe('UUID of the file system on the SSD'),
  subfolder: z
    .string()
    .regex(/^[\w.-]+$/)
    .meta({ expects: 'a name' })
    .default('nixos-wsl-main')
    .describe('Folder on the SSD that holds the contents of the source'),
  mountUnit: z.string().default('wsl-storage-mount.service').describe('Unit that mounts the SSD'),
  runs: z.number().int().min(3).max(100).default(5).describe('How often each work is timed, on either side'),
  buildMebibytes: mebibytes(64).describe('What an ordinary build writes'),
  largeMebibytes: mebibytes(1024).describe('What a large derivation writes'),
  garbageMebibytes: mebibytes(256).describe('Size of the path that is added to be collected'),
  ioMebibytes: mebibytes(256).describe(
    'What is written to the disk, and added to the store, at the same time',
  ),
});
export type Params = z.output<typeof params>;
