import type { RehearsalPlan } from 'migrate-runbook';

const uuid = '5a1d7c3e-0f62-4b8e-9c47-2d6e8f10a3b5';
const script = '/mnt/c/Users/admin/wsl/mount-storage.ps1';

/** A sound configuration: a log that is bounded, and a unit that looks after its mount. */
const hostFile = `{ config, lib, pkgs, ... }:
{
  imports = [
    ../../modules/nixos/wsl-storage-mount.nix
  ];

  networking.hostName = "thinky-nixos";
  system.nixos.label = "1";

  wslStorageMount = {
    enable = true;
    uuid = "${uuid}";
    mountPoint = "/mnt/wsl/storage";
    nixStoreSubdir = "nixos-wsl-main";
    bindMountNixStore = false;
    logFile = "/var/log/wsl-mount.log";
    watch = true;
  };
}
`;

/** A NixOS-WSL machine before its cut-over. */
export const rehearsal: RehearsalPlan = {
  params: {
    storageUuid: uuid,
    user: 'admin',
    fallbackScript: script,
    lateSeconds: 0.5,
    recoverSeconds: 4,
    windowsRestarts: ['restart', 'fast-startup', 'update'],
  },
  disks: [{ name: 'ssd', mountPoint: '/mnt/wsl/storage', uuid, megabytes: 128 }],
  files: {
    '/home/admin/nixcfg/hosts/thinky-nixos/default.nix': hostFile,
    [script]:
      '# Attaches the disk and mounts it for WSL.\nwsl.exe --mount \\\\.\\PHYSICALDRIVE1 --name storage --type ext4\n',
  },
  restarts: { 'restart-wsl': 'terminate', terminate: 'terminate' },
  notCompared: [
    '/var/log/wsl-mount.log',
    // Where Nix keeps its own history; what is in the store is asked of it.
    ...['db', 'gc.lock', 'gc-socket', 'gcroots/auto', 'temproots'].map((name) => `/nix/var/nix/${name}`),
    '/nix/var/log',
    '/run/systemd/transient',
  ],
  looks: [
    ['systemctl', 'is-active', 'wsl-storage-mount.service'],
    ['sh', '-c', 'nix path-info --all | sort'],
  ],
  nixosWsl: {
    flake: '/home/admin/nixcfg',
    host: 'thinky-nixos',
    hostFile: 'hosts/thinky-nixos/default.nix',
    option: 'bindMountNixStore',
    mountUnit: 'wsl-storage-mount.service',
    seed: 20_250_919,
    storePaths: 8,
  },
};
