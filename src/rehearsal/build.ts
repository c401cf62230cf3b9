import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RehearsalPlan, WorldDisk } from '../runbook/index.ts';
import { hostCommand } from './command.ts';
import { addDisks, addPoolDisks, makeDevices } from './device-tree.ts';
import { chooseDisks, type AddedDisk } from './disks.ts';
import { findHostPrograms, programPath } from './host-programs.ts';
import { hasRealNix, installNixosWsl, nixosWslMachine } from './nixos-wsl.ts';
import { nixosWslFiles } from './nixos-wsl-files.ts';
import { installNixosPodman, nixosPodmanMachine } from './nixos-podman.ts';
import { installNixosTmpfs, nixosTmpfsFiles, nixosTmpfsMachine, prepareTmpfsRoot } from './nixos-tmpfs.ts';
import { nixosZfsMachine } from './nixos-zfs.ts';
import { nixosZfsFiles } from './nixos-zfs-files.ts';
import { installNixosZfs, prepareZfsRoot } from './nixos-zfs-install.ts';
import { runInWorld } from './run-in-world.ts';
import { showReadOnly } from './host-mounts.ts';
import type { WorldLayout } from './layout.ts';
import { Machine } from './machine.ts';
import { fixture } from './package-root.ts';
import type { BuildOptions, WorldFacts } from './protocol.ts';
import { writeRootTree } from './root-tree.ts';
import { writeStandIns } from './stand-ins.ts';
import { systemDisksMachine } from './system-disks.ts';
import { systemDisksFiles } from './system-disks-files.ts';
import { addSystemDisks, installSystemDisks } from './system-disks-install.ts';
import { mountWslMounts } from './wsl-mounts.ts';

export interface BuiltWorld {
  readonly machine: Machine;
  readonly facts: WorldFacts;
  /** The environment of every command in the world. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders of the host that it shows. */
  readonly borrowed: readonly string[];
}

const rootMegabytes = 512;

/** Builds the world in the private mount namespace of this process, and boots it. */
export async function buildInNamespace(
  layout: WorldLayout,
  plan: RehearsalPlan,
  options: BuildOptions,
): Promise<BuiltWorld> {
  const wsl = nixosWslMachine(plan);
  const zfs = nixosZfsMachine(plan);
  const tmpfs = nixosTmpfsMachine(plan, options);
  const podman = nixosPodmanMachine(plan, options);
  const system = systemDisksMachine(plan, options);
  const allDisks = [...(plan.disks ?? []), ...(zfs === undefined ? [] : [zfs.nas])];
  const programs = findHostPrograms(options.share ?? []);
  const disks = chooseDisks(layout, { folders: options.disks === 'folders', keep: options.keep === true });
  const hostName = wsl?.host ?? zfs?.host ?? podman?.host ?? system?.host ?? tmpfs?.host ?? 'rehearsal';
  const seed = options.seed ?? wsl?.seed ?? zfs?.seed ?? tmpfs?.seed ?? 1;
  for (const folder of [layout.root, join(layout.shared, 'runs'), join(layout.shared, 'requests')]) {
    mkdirSync(folder, { recursive: true });
  }
  await isolate(hostName);
  const rootDevice = await disks.mountRoot(plan.megabytes ?? rootMegabytes);
  const files = {
    ...(wsl && nixosWslFiles(wsl)),
    ...(zfs && nixosZfsFiles(zfs)),
    ...(tmpfs && nixosTmpfsFiles(tmpfs)),
    ...(system && systemDisksFiles(system)),
    ...plan.files,
  };
  writeRootTree(layout.root, { files, programs, hostName, machineId: hexOf(`machine ${seed}`) });
  if (zfs !== undefined) prepareZfsRoot(layout.root);
  if (tmpfs !== undefined) prepareTmpfsRoot(layout.root, layout.shared);
  for (const path of programs.binds) await showReadOnly(layout.root, path);
  await mountSys(layout.root);
  mkdirSync(join(layout.root, '.world'));
  await hostCommand('mount', '--bind', layout.shared, join(layout.root, '.world'));
  writeFileSync(join(layout.shared, 'late-binds'), programs.lateBinds.map((path) => `${path}\n`).join(''));
  await makeDevices(layout, disks.kind === 'loop' ? [rootDevice] : []);
  if (wsl !== undefined) await mountWslMounts(layout.root);
  const added = await addDisks(layout, disks, allDisks);
  const pools = zfs === undefined ? undefined : await addPoolDisks(layout, disks, zfs.pools);
  const systemDisks = system === undefined ? undefined : await addSystemDisks(layout, disks, system);
  const isNixos = wsl !== undefined || zfs !== undefined || system !== undefined || tmpfs !== undefined;
  const nix = isNixos ? chooseNix(options) : 'none';
  const fakes = [
    ...(disks.kind === 'folders' ? [fixture('folder-disks', 'bin')] : []),
    ...(wsl?.slowOldDisk === true ? [fixture('nixos-wsl-slow', 'bin')] : []),
    ...(wsl === undefined ? [] : [fixture('nixos-wsl', 'bin')]),
    ...(zfs === undefined ? [] : [fixture('nixos-zfs', 'bin')]),
    ...(tmpfs === undefined ? [] : [fixture('nixos-tmpfs', 'bin')]),
    ...(system === undefined ? [] : [fixture('system-disks', 'bin')]),
    ...(podman === undefined ? [] : [fixture('nixos-podman', 'bin')]),
    ...(isNixos || podman !== undefined ? [fixture('nixos', 'bin')] : []),
    ...(nix === 'fake' ? [fixture('fake-nix', 'bin')] : []),
  ];
  const env = {
    PATH: [...fakes, ...programPath(programs)].join(':'),
    HOME: '/root',
    USER: 'root',
    LANG: 'C.UTF-8',
  };
  const byFstab = allDisks.filter((disk) => disk !== wsl?.storage && disk !== tmpfs?.persist);
  writeFileSync(join(layout.root, 'etc/fstab'), fstab(byFstab, added));
  writeStandIns(layout.shared, plan.standIns ?? []);
  const machine = new Machine(layout, {
    env,
    wsl: wsl !== undefined,
    ...(zfs === undefined ? {} : { halt: ['systemctl', 'world-halt'] }),
  });
  await machine.boot();
  const run = (argv: readonly string[]) =>
    runInWorld(layout, machine, { run: 'install', argv, options: {}, env, onOutput: () => {} });
  if (wsl !== undefined) {
    await installNixosWsl({ layout, machine: wsl, seed, asRoot: disks.kind === 'loop', run });
  }
  if (zfs !== undefined) await installNixosZfs({ layout, machine: zfs, run });
  if (tmpfs !== undefined) await installNixosTmpfs({ layout, machine: tmpfs, run });
  if (system !== undefined) {
    await installSystemDisks({
      layout,
      machine: system,
      borrowed: [...programs.binds, ...programs.lateBinds],
      run,
    });
  }
  if (podman !== undefined) await installNixosPodman({ layout, machine: podman, run });
  if (isNixos || podman !== undefined) await machine.reboot('shutdown');
  const devices = Object.fromEntries([
    [rootDevice, 'old-disk'],
    ...[...added].map(([name, { device }]) => [device, name]),
    ...[...(pools ?? [])].map(([name, device]) => [device, name]),
    ...[...(systemDisks ?? [])].map(([name, device]) => [device, name]),
  ]) as Record<string, string>;
  const borrowed = [...programs.binds, ...programs.lateBinds];
  return { machine, env, borrowed, facts: { disks: disks.kind, nix, devices } };
}

function chooseNix({ nix }: BuildOptions): 'real' | 'fake' {
  return nix !== 'fake' && hasRealNix() ? 'real' : 'fake';
}

/** A name of its own, and no network beyond itself. */
async function isolate(hostName: string): Promise<void> {
  await hostCommand('hostname', hostName);
  if (hostname() !== hostName) throw new Error(`the host name is still ${hostname()}`);
  // iproute2 may be missing; then the world lacks even its loopback, which few need.
  await hostCommand('ip', 'link', 'set', 'lo', 'up').catch(() => undefined);
}

async function mountSys(root: string): Promise<void> {
  const point = join(root, 'sys');
  await hostCommand('mount', '-t', 'sysfs', '-o', 'ro', 'sysfs', point).catch(() =>
    // Refused to users where the host itself sees only a part of it.
    showReadOnly(root, '/sys'),
  );
}

function fstab(plans: readonly WorldDisk[], added: ReadonlyMap<string, AddedDisk>): string {
  return plans
    .filter((plan) => added.has(plan.name))
    .map((plan) => `/dev/disk/by-uuid/${plan.uuid} ${plan.mountPoint} ext4 defaults 0 2\n`)
    .join('');
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
