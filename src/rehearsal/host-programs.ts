import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { packageRoot } from './package-root.ts';
import { WorldError } from './world-error.ts';

/** What a world borrows of its host, read-only. */
export interface HostPrograms {
  /** Symlinks to make in the world's root, such as `bin` → `usr/bin`. */
  readonly links: ReadonlyMap<string, string>;
  /** Folders to bind at their own path, outermost first. */
  readonly binds: readonly string[];
  /** The same, but beneath what each boot empties; bound at each boot. */
  readonly lateBinds: readonly string[];
  readonly nodeFolder: string;
}

// `/sbin` is missing on purpose: worlds have their own, with their own init.
const systemFolders = ['/usr', '/bin', '/lib', '/lib32', '/lib64', '/libx32'];
const emptiedAtBoot = ['/tmp', '/run', '/dev/shm'];
// The world has its own.
const ownFolders = ['/nix', '/proc', '/dev', '/sys', '/etc', '/var/lib/migrate', '/.world'];

/**
 * Finds the programs that a world borrows: the system's, Node, this package and `share`.
 *
 * @throws WorldError `world.host-in-nix` when the host's own programs lie in `/nix`,
 *   `world.share` when a shared path collides with the world's own.
 */
export function findHostPrograms(share: readonly string[]): HostPrograms {
  const nodeFolder = dirname(realpathSync(process.execPath));
  const links = new Map<string, string>();
  const wanted: string[] = [];
  for (const folder of systemFolders) {
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) links.set(folder, readlinkSync(folder));
    else if (stat?.isDirectory()) wanted.push(folder);
  }
  refuseNixHost([process.execPath, '/bin/sh', mountProgram()]);
  wanted.push(nodeFolder, ...packageFolders(packageRoot()), ...share.map((path) => realpathSync(path)));
  const binds = outermost(wanted);
  for (const path of binds) {
    const own = ownFolders.find((folder) => isBeneath(path, folder) || isBeneath(folder, path));
    if (own !== undefined) {
      throw new WorldError(
        'world.share',
        `${path} cannot be shown to a rehearsal: the world has its own ${own}`,
        'Move it elsewhere, such as beneath your home folder.',
      );
    }
  }
  const isLate = (path: string) => emptiedAtBoot.some((folder) => isBeneath(path, folder));
  return {
    links,
    binds: binds.filter((path) => !isLate(path)),
    lateBinds: binds.filter(isLate),
    nodeFolder,
  };
}

/** An installed package needs what was installed beside it; a checkout holds everything itself. */
export function packageFolders(root: string): readonly string[] {
  const parts = root.split(sep);
  const outer = parts.indexOf('node_modules');
  return outer === -1 ? [root] : [root, parts.slice(0, outer + 1).join(sep)];
}

/** Paths without those that lie beneath another, sorted. */
export function outermost(paths: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const path of paths.toSorted()) {
    if (!kept.some((outer) => isBeneath(path, outer))) kept.push(path);
  }
  return kept;
}

function isBeneath(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function mountProgram(): string {
  const found = ['/usr/bin/mount', '/bin/mount', '/run/current-system/sw/bin/mount'].find((path) =>
    existsSync(path),
  );
  if (found === undefined) {
    throw new WorldError(
      'world.no-mount',
      'there is no mount program on this host',
      'Install util-linux, which has mount, unshare, nsenter and setpriv.',
    );
  }
  return found;
}

function refuseNixHost(programs: readonly string[]): void {
  const found = programs.find((program) => isBeneath(realpathSync(program), '/nix'));
  if (found === undefined) return;
  throw new WorldError(
    'world.host-in-nix',
    `${found} of this host lies in /nix, and a rehearsal needs /nix for itself`,
    'Rehearsals do not run on NixOS yet. Run them on Debian, Fedora or Arch, or in a container or virtual machine of one.',
  );
}

/** Where the world's commands are looked for, besides its fakes. */
export function programPath(programs: HostPrograms): readonly string[] {
  return [
    programs.nodeFolder,
    ...['sbin', 'bin'].map((name) => join('/usr/local', name)),
    '/usr/sbin',
    '/usr/bin',
    '/sbin',
    '/bin',
  ];
}
