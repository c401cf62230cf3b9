import type { RehearsalPlan } from 'migrate-runbook';

const uuid = '5a1d7c3e-0f62-4b8e-9c47-2d6e8f10a3b5';
const flake = '/home/admin/nixcfg';
const hostFile = 'hosts/thinky-nixos/default.nix';

/** What the migration of the store comes to, in short; see wsl-nix-store for how it is done. */
const move = `
  set -eu
  sed -i 's/bindMountNixStore = false/bindMountNixStore = true/' ${flake}/${hostFile}
  nixos-rebuild boot --flake ${flake}#thinky-nixos
  rsync -aHAX --numeric-ids --sparse /nix/ /mnt/wsl/storage/nixos-wsl-main/
  chown 0:0 /mnt/wsl/storage/nixos-wsl-main
`;

/** A NixOS-WSL machine whose old disk is slow, so that the comparison has something to find. */
export const rehearsal: RehearsalPlan = {
  params: {
    storageUuid: uuid,
    ...{ runs: 3, buildMebibytes: 1, largeMebibytes: 4, garbageMebibytes: 2, ioMebibytes: 2 },
  },
  disks: [{ name: 'ssd', mountPoint: '/mnt/wsl/storage', uuid, megabytes: 256 }],
  notCompared: [
    // Where Nix keeps its own history; what is in the store is asked of it.
    ...['db', 'gc.lock', 'gc-socket', 'gcroots/auto', 'temproots'].map((name) => `/nix/var/nix/${name}`),
    '/nix/var/log',
  ],
  looks: [['sh', '-c', 'nix path-info --all | sort']],
  byHand: {
    move: [
      ['sh', '-c', move],
      ['wsl.exe', '--terminate', 'NixOS'],
    ],
  },
  nixosWsl: {
    flake,
    host: 'thinky-nixos',
    hostFile,
    option: 'bindMountNixStore',
    mountUnit: 'wsl-storage-mount.service',
    slowOldDisk: true,
    seed: 20_250_919,
    storePaths: 8,
  },
};
