import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { RehearsalPlan, SystemDisksPlan } from '../runbook/index.ts';
import { WorldError } from './world-error.ts';

const boot = z.enum(['old', 'installer', 'new']);
const name = z.string().regex(/^[a-z][a-z0-9-]*$/);
const volume = z
  .string()
  .regex(/^[0-9A-F]{4}-[0-9A-F]{4}$/, { error: 'expected a volume id such as 0A1B-2C3D' });
const schema = z.strictObject({
  flake: z.string().startsWith('/home/'),
  host: z.string().regex(/^[\w-]+$/),
  disks: z
    .array(
      z.strictObject({
        name,
        serial: z.string().optional(),
        megabytes: z.int().min(8),
        from: boot.optional(),
      }),
    )
    .refine((disks) => ['old', 'new'].every((wanted) => disks.some((disk) => disk.name === wanted)), {
      error: 'expected a disk "old" and a disk "new"',
    }),
  boots: z.record(z.string(), boot),
  begins: boot.optional(),
  moved: z
    .strictObject({
      esp: volume,
      nix: z.uuid(),
      persist: z.uuid(),
      persistInConfiguration: z.uuid().optional(),
    })
    .optional(),
  kernelModules: z.array(z.string()).optional(),
});

/**
 * The machine of a plan; undefined when it has none.
 *
 * @throws UsageError `world.plan`; WorldError `world.needs-root`, `world.programs` on a host that cannot hold it
 */
export function systemDisksMachine(
  { systemDisks }: RehearsalPlan,
  options: { readonly disks?: 'auto' | 'folders' },
): SystemDisksPlan | undefined {
  if (systemDisks === undefined) return undefined;
  const read = schema.safeParse(systemDisks);
  if (!read.success) {
    throw new UsageError(
      'world.plan',
      `the rehearsal's machine with disks of its own does not fit:\n${z.prettifyError(read.error)}`,
      'docs/rehearsal.md says what systemDisks has.',
    );
  }
  if (process.getuid?.() !== 0 || options.disks === 'folders') {
    throw new WorldError(
      'world.needs-root',
      'this world has disks with partitions, which only root can have',
      'Run it as root: sudo migrate rehearse …',
    );
  }
  const missing = ['sgdisk', 'mkfs.vfat', 'partx', 'restic', 'ssh-keygen'].filter(
    (program) => !isInstalled(program),
  );
  if (missing.length > 0) {
    throw new WorldError(
      'world.programs',
      `this world needs ${missing.join(', ')}, and this host has none`,
      'On Debian and its kin: apt-get install --no-install-recommends gdisk dosfstools util-linux restic openssh-client',
    );
  }
  return systemDisks;
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder.startsWith('/') && existsSync(join(folder, program)));
}
