import { absolutePath, z } from 'migrate-runbook';

export const params = z.object({
  disk: z.string().regex(/^\S+$/).describe('Serial number of the disk that does not boot'),
  flake: absolutePath.describe('Folder of the NixOS configuration flake, as the running system sees it'),
  host: z
    .string()
    .regex(/^[\w-]+$/)
    .default('Emberroot')
    .describe('Name of the host in the flake'),
  espMount: absolutePath.default('/boot/efi').describe('Where the EFI system partition is mounted'),
  rebuild: z.boolean().default(true).describe('Build the configuration anew once it is mended'),
});
export type Params = z.output<typeof params>;

/** Not /mnt, which would cover a stick at /mnt/stick and the state on it. */
export const target = '/mnt-new';
