import { absolutePath, z } from 'migrate-runbook';
import { withinFlake } from '../nixos-module/edits.ts';
import { flake, hostInFlake } from '../nixos-module/params.ts';
import { cassieBox } from '../persistence/cassie-box.ts';

/** The groups of the checklist. */
export const groups = ['databases', 'media', 'containers', 'users', 'system', 'custom'] as const;

const program = z.array(z.string().min(1)).min(1);

const service = z.strictObject({
  unit: z.string().regex(/^[\w@:.\\-]+\.service$/),
  /** Its state, in /var/lib. */
  folder: absolutePath.refine((path) => /^\/var\/lib\/[^/]+$/.test(path), {
    error: 'expected a folder in /var/lib',
  }),
  user: z.string().default('root'),
  group: z.string().default('root'),
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/)
    .default('0750'),
  kind: z.enum(groups).default('media'),
});
export type Service = z.output<typeof service>;

export const params = z.object({
  flake,
  host: hostInFlake.default('cassie-box'),
  hostFile: withinFlake.default('hosts/cassie-box/default.nix').describe('File of the host'),
  importsText: z
    .string()
    .min(1)
    .default('imports = [')
    .describe('Text that the host file and the file of the modules hold exactly once'),
  moduleFile: withinFlake
    .default('nixos/modules/nixos/system/tmpfs-root.nix')
    .describe('Where the module is made'),
  modulesFile: withinFlake
    .default('nixos/modules/nixos/system/default.nix')
    .describe('File that imports the modules'),
  impermanence: z
    .string()
    .default('inputs.impermanence.nixosModules.impermanence')
    .describe('What is imported for environment.persistence, as it stands in Nix'),
  persist: absolutePath.default('/persist').describe('Where what outlives a boot is mounted'),
  persistDevice: absolutePath
    .default('/dev/disk/by-label/persist')
    .describe('The file system that the reinstall makes for it'),
  persistGigabytes: z.number().int().min(1).default(500).describe('Its size in GB, for the partition'),
  rootGigabytes: z
    .number()
    .int()
    .min(8)
    .max(16)
    .default(8)
    .describe('Size of the root file system in memory, in GiB'),
  services: z
    .array(service)
    .min(1)
    .describe('Services whose folders persist: unit, folder, user, group, mode, kind'),
  directories: z
    .array(absolutePath)
    .default(cassieBox.system.filter(({ kind }) => kind === 'directory').map(({ path }) => path))
    .describe('Further folders that persist'),
  files: z
    .array(absolutePath)
    .default(cassieBox.system.filter(({ kind }) => kind === 'file').map(({ path }) => path))
    .describe('Files that persist'),
  expendable: z.array(absolutePath).default([]).describe('Paths that may be lost'),
  backup: absolutePath.describe('Folder for the backup, on another disk than the root file system'),
  data: absolutePath.optional().describe('A tree of data, such as /mnt/data, that is backed up too'),
  restoreData: z
    .boolean()
    .default(false)
    .describe('Restore it; else it is on a disk that the reinstall leaves alone'),
  vmTest: program.describe('Command that builds the configuration as a VM, boots it, and exits with 0'),
  imageCheck: program.optional().describe('Command that boots the image of the disk, and exits with 0'),
  reinstallWith: z
    .string()
    .default('nixos-anywhere --flake FLAKE#HOST root@ADDRESS, from another machine')
    .describe('How the machine is installed anew, for whoever does it'),
});
export type Params = z.output<typeof params>;

export const inFlake = (p: Params, file: string) => `${p.flake}/${file}`;
export const unitsOf = (p: Params) => p.services.map(({ unit }) => unit);
/** Where a path lies on the persistent file system. */
export const persisted = (p: Pick<Params, 'persist'>, path: string) => `${p.persist}${path}`;
/** All folders that persist once the root is in memory. */
export const allDirectories = (p: Params) => [
  ...new Set([...p.services.map(({ folder }) => folder), ...p.directories]),
];
