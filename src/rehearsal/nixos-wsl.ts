import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { NixosWslPlan, RehearsalPlan, WorldDisk } from '../runbook/index.ts';
import type { WorldLayout } from './layout.ts';
import type { RunResult } from './protocol.ts';
import { planSampleStore } from './sample-store.ts';
import { WorldError } from './world-error.ts';
import { writeSampleTrees } from './write-sample.ts';

/** The name by which Windows knows the world. */
export const distribution = 'NixOS';

/** What a plan leaves to its defaults, filled in. */
export interface NixosWslMachine extends NixosWslPlan {
  readonly storage: WorldDisk;
  readonly subfolder: string;
}

/**
 * The machine of a plan; undefined when it has none.
 *
 * @throws UsageError `world.plan` when the disk that it names does not exist
 */
export function nixosWslMachine({ nixosWsl, disks = [] }: RehearsalPlan): NixosWslMachine | undefined {
  if (nixosWsl === undefined) return undefined;
  const storage = disks.find((disk, index) =>
    nixosWsl.disk === undefined ? index === 0 : disk.name === nixosWsl.disk,
  );
  if (storage !== undefined) {
    return { ...nixosWsl, storage, subfolder: nixosWsl.subfolder ?? 'nixos-wsl-main' };
  }
  throw new UsageError(
    'world.plan',
    `the rehearsal's NixOS-WSL machine needs ${nixosWsl.disk === undefined ? 'a disk' : `the disk ${JSON.stringify(nixosWsl.disk)}`}, and there is none`,
    `Its disks are: ${disks.map((disk) => disk.name).join(', ') || 'none'}.`,
  );
}

/** Real Nix, unless it lies in the very `/nix` that the world replaces. */
export function hasRealNix(): boolean {
  return ['/usr/local/bin', '/usr/bin', '/bin']
    .map((folder) => join(folder, 'nix-store'))
    .some((path) => existsSync(path) && !realpathSync(path).startsWith('/nix/'));
}

export interface Installation {
  readonly layout: WorldLayout;
  readonly machine: NixosWslMachine;
  readonly seed: number;
  /** Whether the world may have other owners than root. */
  readonly asRoot: boolean;
  readonly run: (argv: readonly string[]) => Promise<RunResult>;
}

const workFolder = '/var/tmp/installation';

/**
 * Installs NixOS into a world that has booted with the plain init, as an installer would: a store with
 * samples and two generations of the system, whose activation puts its own init in place.
 *
 * @throws WorldError `world.install` when one of the commands fails
 */
export async function installNixosWsl(installation: Installation): Promise<void> {
  const { layout, machine, seed, run } = installation;
  const disk = machine.storage;
  writeFileSync(join(layout.shared, 'distribution'), `${distribution}\n`);
  const instances = Object.entries({ ...machine.instances, [distribution]: machine.subfolder });
  const lines = instances.map(([name, folder]) => `${name} ${disk.mountPoint}/${folder}\n`);
  writeFileSync(join(layout.shared, 'instances'), lines.join(''));
  writeFileSync(join(layout.shared, 'drives'), `1 ${disk.uuid}\n`);
  writeFileSync(
    join(layout.shared, 'nixos.json'),
    JSON.stringify({
      machine: 'nixos-wsl',
      host: machine.host,
      hostFile: machine.hostFile,
      option: machine.option,
      mountUnit: machine.mountUnit,
    }),
  );
  const trees = writeSampleTrees(
    layout.root,
    `${workFolder}/trees`,
    planSampleStore(seed, machine.storePaths),
  );
  writeFileSync(join(layout.root, workFolder, 'manifest.json'), JSON.stringify(trees));
  const hostFile = `${machine.flake}/${machine.hostFile}`;
  const owner = installation.asRoot ? '1000:1000' : '0:0';
  const script = `
    set -eu
    cd ${workFolder}
    roots=/nix/var/nix/gcroots/sample
    mkdir -p "$roots"
    # Two thirds are in use; the rest is garbage, as every store has it.
    store-add-trees ${workFolder}/manifest.json >paths
    number=0
    while read -r path; do
      number=$((number + 1))
      case "$path" in
      *-hello-2.12) ln -s "$path" "$roots/hello" ;;
      *) [ $((number % 3)) -eq 0 ] || ln -s "$path" "$roots/" ;;
      esac
    done <paths
    # What a copy easily loses, beside the store: a sparse file, an attribute, times, owners and modes.
    mkdir -p /nix/var/odd/'a folder'
    cd /nix/var/odd
    truncate -s 8M sparse
    printf tail >>sparse
    echo attributed >attributed
    ! command -v setfattr >/dev/null || setfattr -n user.origin -v rehearsal attributed
    echo secret >'a folder/private'
    chmod 0600 'a folder/private'
    chmod 2750 'a folder'
    touch -d @86400 'a folder/private' attributed
    ln -s ../../store dangling-or-not
    ln attributed attributed-too
    mkfifo pipe
    chown -R ${owner} ${machine.flake} /nix/var/odd/'a folder'

    nixos-rebuild boot --flake ${machine.flake}#${machine.host}
    sed -i 's/label = "1"/label = "2"/' ${hostFile}
    nixos-rebuild boot --flake ${machine.flake}#${machine.host}
    nix-store --optimise
    # Drops the links to build folders that are gone, which any later collection would do.
    nix-store --gc --print-roots >/dev/null 2>&1
    /nix/var/nix/profiles/system/activate

    mkdir -p ${disk.mountPoint}
    mount /dev/disk/by-uuid/${disk.uuid} ${disk.mountPoint}
    for name in ${machine.subfolder} nixos-wsl-dev nixos-wsl-test; do
      mkdir -p ${disk.mountPoint}/$name
      chown ${owner} ${disk.mountPoint}/$name
    done
    cd /
    rm -rf ${workFolder}
    ${machine.onDisk === true ? moveStore(machine) : ''}
  `;
  const result = await run(['sh', '-c', script]);
  if (result.exitCode === 0) return;
  throw new WorldError(
    'world.install',
    `the world's NixOS could not be installed (exit ${result.exitCode}):\n${result.stderr.split('\n').slice(-15).join('\n')}`,
  );
}

/** What the migration of the store comes to, in short. */
function moveStore(
  machine: Pick<NixosWslMachine, 'flake' | 'host' | 'hostFile' | 'option' | 'subfolder' | 'storage'>,
): string {
  const folder = `${machine.storage.mountPoint}/${machine.subfolder}`;
  return `
    sed -i 's/${machine.option} = false/${machine.option} = true/' ${machine.flake}/${machine.hostFile}
    nixos-rebuild boot --flake ${machine.flake}#${machine.host}
    rsync -aHAX --numeric-ids --sparse /nix/ ${folder}/
    chown 0:0 ${folder}
  `;
}
