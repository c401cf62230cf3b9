import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { NixosTmpfsPlan, RehearsalPlan, WorldDisk } from '../runbook/index.ts';
import type { WorldLayout } from './layout.ts';
import type { BuildOptions, RunResult } from './protocol.ts';
import { hostEtc } from './root-tree.ts';
import { WorldError } from './world-error.ts';
import { nixConf } from './nix-settings.ts';

const schema = z.strictObject({
  flake: z.string().startsWith('/'),
  host: z.string().regex(/^[\w-]+$/),
  services: z.array(z.string().regex(/^[a-z][a-z-]*$/)).min(1),
  persistDisk: z.string(),
  extra: z.string().optional(),
  seed: z.int(),
});

/** What a plan names, found. */
export interface NixosTmpfsMachine extends NixosTmpfsPlan {
  readonly disks: readonly WorldDisk[];
  readonly persist: WorldDisk;
}

/**
 * The machine of a plan; undefined when it has none.
 *
 * @throws UsageError `world.plan` when the plan is no such machine
 */
export function nixosTmpfsMachine(
  { nixosTmpfs, disks = [] }: RehearsalPlan,
  options: BuildOptions,
): NixosTmpfsMachine | undefined {
  if (nixosTmpfs === undefined) return undefined;
  if (process.getuid?.() !== 0 || options.disks === 'folders') {
    throw new WorldError(
      'world.needs-root',
      'a machine whose root lies in memory can be rehearsed by root alone',
      'Run it with sudo, or in a container where you are root.',
    );
  }
  const read = schema.safeParse(nixosTmpfs);
  const persist = disks.find(({ name }) => name === nixosTmpfs.persistDisk);
  if (read.success && persist !== undefined) return { ...nixosTmpfs, disks, persist };
  throw new UsageError(
    'world.plan',
    `the rehearsal's machine does not fit: ${read.success ? `there is no disk ${nixosTmpfs.persistDisk}` : z.prettifyError(read.error)}`,
    'docs/rehearsal.md says what nixosTmpfs has.',
  );
}

/** The files of such a machine that are on its disk before the first boot, by path. */
export function nixosTmpfsFiles(machine: NixosTmpfsMachine): Readonly<Record<string, string | null>> {
  const { flake, host, services } = machine;
  const accounts = [
    ['root', 0, '/root', '/bin/sh'],
    ['admin', 1000, '/home/admin', '/bin/sh'],
  ] as const;
  const own = services.map(
    (name, index) => [name, 900 + index, `/var/lib/${name}`, '/usr/sbin/nologin'] as const,
  );
  const all = [...accounts, ['nobody', 65_534, '/', '/usr/sbin/nologin'] as const, ...own];
  return {
    '/etc/NIXOS': '',
    '/etc/passwd': all
      .map(([name, id, folder, shell]) => `${name}:x:${id}:${id}::${folder}:${shell}\n`)
      .join(''),
    '/etc/group': all.map(([name, id]) => `${name}:x:${id}:\n`).join(''),
    '/etc/nix/nix.conf': nixConf,
    '/etc/ssh/ssh_host_ed25519_key': `a host key of ${host}\n`,
    '/etc/ssh/ssh_host_ed25519_key.pub': `its public half of ${host}\n`,
    '/var/lib/nixos/uid-map': JSON.stringify({ admin: 1000 }),
    '/home/admin/notes.txt': 'of the old root\n',
    [`${flake}/hosts/${host}/default.nix`]: hostText(machine, all),
    [`${flake}/nixos/modules/nixos/system/default.nix`]:
      '{ ... }:\n{\n  imports = [\n    ./impermanence.nix\n  ];\n}\n',
    [`${flake}/nixos/modules/nixos/system/impermanence.nix`]: impermanenceText,
  };
}

/** Declares what the real module of that name declares; what it does is done by the world's init. */
const impermanenceText = `{ lib, ... }:
{
  options.environment.persistence = lib.mkOption {
    type = lib.types.attrsOf lib.types.attrs;
    default = { };
  };
}
`;

function hostText(
  { host, services, disks, persist, extra = password }: NixosTmpfsMachine,
  accounts: readonly (readonly [string, number, string, string])[],
): string {
  const mounted = disks.filter((disk) => disk !== persist);
  return `{ config, lib, pkgs, ... }:
{
  imports = [
    ../../nixos/modules/nixos/system
  ];

  networking.hostName = "${host}";
  system.nixos.label = "1";
  fileSystems."/" = { device = "/dev/old-disk"; fsType = "ext4"; };
${mounted.map(({ mountPoint, uuid }) => `  fileSystems."${mountPoint}" = { device = "/dev/disk/by-uuid/${uuid}"; fsType = "ext4"; };\n`).join('')}
${accounts.map(([name, uid, home, shell]) => `  users.users.${name} = { uid = ${uid}; home = "${home}"; shell = "${shell}"; };\n`).join('')}
  users.users.admin.extraGroups = [ "wheel" ];
  ${extra}
${services.map(serviceText).join('')}}
`;
}

/** By it `admin`, who may become root, can log in. */
const password = 'users.users.admin.hashedPassword = "$y$j9T$rehearsal";';

/** Counts its starts in its folder, and stays. */
function serviceText(name: string): string {
  return `  systemd.services.${name} = {
    wantedBy = [ "multi-user.target" ];
    serviceConfig = { User = "${name}"; StateDirectory = "${name}"; StateDirectoryMode = "0750"; };
    script = ''
      echo started >>/var/lib/${name}/starts
      exec sleep 86400
    '';
  };
`;
}

/** Programs of the host look things up there, also on an empty root. */
export function prepareTmpfsRoot(root: string, shared: string): void {
  symlinkSync('/run', join(root, 'var/run'));
  const kept = join(shared, 'host-etc');
  mkdirSync(kept);
  for (const name of [...hostEtc, 'nsswitch.conf', 'hosts', 'hostname', 'nix']) {
    const from = join(root, 'etc', name);
    if (existsSync(from)) cpSync(from, join(kept, name), { recursive: true, verbatimSymlinks: true });
  }
  for (const folder of ['persist', 'srv', 'opt']) mkdirSync(join(root, folder), { recursive: true });
}

/**
 * Installs NixOS into a world that has booted with the plain init, as an installer would.
 *
 * @throws WorldError `world.install` when one of the commands fails
 */
export async function installNixosTmpfs({
  layout,
  machine,
  run,
}: {
  readonly layout: WorldLayout;
  readonly machine: NixosTmpfsMachine;
  readonly run: (argv: readonly string[]) => Promise<RunResult>;
}): Promise<void> {
  const { host, flake, services } = machine;
  writeFileSync(join(layout.shared, 'nixos.json'), JSON.stringify({ machine: 'nixos-tmpfs', host }));
  const script = `
    set -eu
    ${services
      .map(
        (name) => `mkdir -m 0755 /var/lib/${name}
    echo 'sample of ${name}' >/var/lib/${name}/data
    chown -R ${name}:${name} /var/lib/${name}`,
      )
      .join('\n')}
    chmod 0600 /etc/ssh/ssh_host_ed25519_key
    chown -R 1000:1000 /home/admin
    nixos-rebuild boot --flake ${flake}#${host}
  `;
  const result = await run(['sh', '-c', script]);
  if (result.exitCode === 0) return;
  throw new WorldError(
    'world.install',
    `the world's NixOS could not be installed (exit ${result.exitCode}):\n${result.stderr.split('\n').slice(-15).join('\n')}`,
  );
}
