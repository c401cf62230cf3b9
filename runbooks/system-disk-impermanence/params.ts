import { absolutePath, duration, secret, z } from 'migrate-runbook';
import type { PartitionLayout } from 'migrate-runbook/operations';
import { emberroot } from '../persistence/emberroot.ts';

const size = z
  .string()
  .regex(/^\d+(\.\d+)? ?(MB|GB|TB|MiB|GiB|TiB)$/)
  .meta({ expects: 'a size such as 350 GB or 64 GiB' });
const withinFlake = z.string().regex(/^[^/]/).meta({ expects: 'a path within the flake' });
const words = z.array(z.string().min(1));

export const params = z.object({
  flake: absolutePath.describe('Folder of the NixOS configuration flake, in a home that is persisted'),
  host: z
    .string()
    .regex(/^[\w-]+$/)
    .default('Emberroot')
    .describe('Name of the host in the flake'),
  hostFile: withinFlake.default('systems/x86_64-linux/Emberroot/default.nix').describe('File of the host'),
  hardwareFile: withinFlake
    .default('systems/x86_64-linux/Emberroot/hardware-configuration.nix')
    .describe('File with the file systems'),
  moduleFile: withinFlake
    .default('modules/nixos/impermanence/default.nix')
    .describe('The module that is made; it must not be there yet'),
  importsText: z
    .string()
    .default('  imports = [')
    .describe('Text of the host file, there exactly once, after which the module is imported'),
  user: z
    .string()
    .regex(/^[a-z_][\w-]*$/)
    .default('sinh')
    .describe('Whose home is persisted in parts'),
  oldDisk: z.string().regex(/^\S+$/).describe('Serial number of the disk from which the machine boots now'),
  espMount: absolutePath.default('/boot/efi').describe('Where the EFI system partition is mounted'),
  espSize: size.default('512 MB').describe('Of the EFI system partition, vfat'),
  nixSize: size.default('350 GB').describe('Of /nix, ext4'),
  persistAtLeast: size
    .default('500 GB')
    .describe('Least size of /persist, ext4, which takes the rest of the disk'),
  swapSize: size.default('64 GB').describe('Of swap; hibernation needs as much as there is memory'),
  rootSize: z
    .string()
    .regex(/^\d+[MG]$/)
    .meta({ expects: 'a size of tmpfs, such as 4G' })
    .default('4G')
    .describe('Most that the root in memory may take'),
  backupRepository: z.string().min(1).describe('restic repository, on neither of the two disks'),
  backupPassword: secret('the restic password'),
  backupPaths: z
    .array(absolutePath)
    .min(1)
    .default(['/etc', '/home', '/root', '/var'])
    .describe('What is backed up'),
  vmTest: words
    .default([])
    .describe(
      'A command that boots a system in a virtual machine and exits with 0 when it came up; the system is added as its last word',
    ),
  dockerTest: words
    .default(['docker', 'run', '--rm', 'hello-world'])
    .describe('A command that shows docker at work'),
  expendable: z
    .array(absolutePath)
    .default(['/var/lib/migrate', '/var/lib/migrate-claims'])
    .describe(
      'Paths of which somebody has said that they may be lost; the state of this run travels by itself',
    ),
  rootUseLimit: z.number().min(1).max(100).default(60).describe('Percent of the root that may be in use'),
  soakMin: duration.default('24h').describe('Observed healthy time on the new disk before the end'),
  soakMax: duration.default('72h').describe('Age of the tests past which they are made again'),
});

/** Without the secret, for operations: what they are given is kept in the journal. */
export const machine = params.omit({ backupPassword: true });
export type Params = z.output<typeof machine>;

/** The inventory of the machine, for the user whose home it is. */
export function inventoryOf({ user, expendable }: Params) {
  return { ...emberroot, expendable, homes: emberroot.homes.map((home) => ({ ...home, user })) };
}

export function layoutOf(p: Params): PartitionLayout {
  return [
    { name: 'esp', size: p.espSize, type: 'esp', purpose: p.espMount },
    { name: 'nix', size: p.nixSize, type: 'linux', purpose: '/nix' },
    { name: 'persist', size: 'rest', atLeast: p.persistAtLeast, type: 'linux', purpose: '/persist' },
    { name: 'swap', size: p.swapSize, type: 'swap', purpose: 'swap, hibernation' },
  ];
}

/** UUIDs of the new file systems, which are chosen before there is a disk. */
export const identities = z.object({
  esp: z.string(),
  nix: z.string(),
  persist: z.string(),
  swap: z.string(),
});
export type Identities = z.output<typeof identities>;

/** Where things are while the installer runs: not at /mnt, which would cover a stick at /mnt/stick and the state on it. */
export const places = { target: '/mnt-new', old: '/mnt-old' } as const;

/** The copy of the configuration that is built and installed; it travels with the state. */
export const configurationIn = (run: { readonly folder: string }): string => `${run.folder}/configuration`;
