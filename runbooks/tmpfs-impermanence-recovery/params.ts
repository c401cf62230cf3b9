import { absolutePath, z } from 'migrate-runbook';

const uuid = z
  .string()
  .regex(/^[0-9a-fA-F-]{4,36}$/, { error: 'expected a file-system UUID, as blkid prints it' })
  .meta({ expects: 'a file-system UUID, as blkid prints it' });

export const params = z.object({
  from: z
    .enum(['image', 'disk', 'backup'])
    .describe('Where the old root comes from: its image, a disk that nobody has formatted, or the backup'),
  source: absolutePath.describe('The image file, the device of the old root, or the folder of the backup'),
  originalUuid: uuid
    .optional()
    .describe('UUID of the ext4 that was the root before the reinstall; required for image and disk'),
  oldRoot: absolutePath.default('/mnt/old-root').describe('Where the old root is mounted, read-only'),
  target: absolutePath.default('/mnt/new-root').describe('Where the new ext4 root is mounted'),
  targetUuid: uuid.describe('Its UUID; nothing is written before it is found there'),
  persist: absolutePath.default('/persist').describe('Where the backup had its services, on the old root'),
  rebuild: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Command that installs the configuration with a persistent root, such as nixos-install --root …',
    ),
});
export type Params = z.output<typeof params>;
