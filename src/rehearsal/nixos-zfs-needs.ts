import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { RehearsalPlan } from '../runbook/index.ts';
import { nixosZfsMachine, type NixosZfsMachine } from './nixos-zfs.ts';
import { WorldError } from './world-error.ts';

/** What a world of a ZFS machine borrows of its host, with Debian's packages; see setup/programs. */
const programs = [
  { program: 'zfs-fuse', apt: 'zfs-fuse', isNeeded: () => true },
  { program: 'restic', apt: 'restic', isNeeded: () => true },
  { program: 'sanoid', apt: 'sanoid', isNeeded: () => true },
  { program: 'syncoid', apt: 'sanoid', isNeeded: () => true },
  {
    program: 'postgres',
    apt: 'postgresql',
    isNeeded: ({ services }: NixosZfsMachine) => services.includes('postgresql'),
  },
] as const;

/**
 * Refuses a ZFS machine on a host that cannot hold one, before anything of it is built.
 *
 * @throws WorldError `world.needs-root`, `world.no-fuse`, `world.programs` with what is missing
 */
export function mustHoldZfs(plan: RehearsalPlan, options: { readonly disks?: 'auto' | 'folders' }): void {
  const machine = nixosZfsMachine(plan);
  if (machine === undefined) return;
  if (process.getuid?.() !== 0 || options.disks === 'folders') {
    throw new WorldError(
      'world.needs-root',
      'this world has ZFS pools on disks of its own, which only root can have',
      'Run it as root: sudo migrate rehearse …',
    );
  }
  const missing = programs.filter(({ program, isNeeded }) => isNeeded(machine) && !isInstalled(program));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(({ apt }) => apt))].join(' ');
    throw new WorldError(
      'world.programs',
      `this world needs ${missing.map(({ program }) => program).join(', ')}, and this host has none`,
      `On Debian and its kin: apt-get install --no-install-recommends ${packages}`,
    );
  }
  for (const device of ['/dev/fuse', '/dev/loop-control']) {
    if (existsSync(device)) continue;
    throw new WorldError(
      'world.no-fuse',
      `this world needs ${device}, and this host has none`,
      device === '/dev/fuse'
        ? 'Load it with: modprobe fuse; give it to a container with --device.'
        : undefined,
    );
  }
}

function isInstalled(program: string): boolean {
  if (program === 'postgres') {
    const versions = '/usr/lib/postgresql';
    return (
      existsSync(versions) &&
      readdirSync(versions).some((version) => existsSync(join(versions, version, 'bin', 'postgres')))
    );
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder.startsWith('/') && existsSync(join(folder, program)));
}
