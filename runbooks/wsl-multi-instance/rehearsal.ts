import type { RehearsalPlan } from 'migrate-runbook';

const uuid = '5a1d7c3e-0f62-4b8e-9c47-2d6e8f10a3b5';
const flake = '/home/admin/nixcfg';

const otherHost = (name: string) => `{
  imports = [ ../../modules/nixos/wsl-storage-mount.nix ];
  wslStorageMount.nixStoreSubdir = "nixos-wsl-${name}";
}
`;

/** A NixOS-WSL machine that lives on the disk already, and two more distributions beside it. */
export const rehearsal: RehearsalPlan = {
  params: {
    storageUuid: uuid,
    flake,
    user: 'admin',
    quotaMebibytes: 4,
    paths: 3,
    rounds: 2,
    slowdownLimit: 50,
  },
  disks: [{ name: 'ssd', mountPoint: '/mnt/wsl/storage', uuid, megabytes: 256 }],
  files: {
    [`${flake}/hosts/thinky-nixos-dev/default.nix`]: otherHost('dev'),
    [`${flake}/hosts/thinky-nixos-test/default.nix`]: otherHost('test'),
  },
  notCompared: ['/nix/var', ...['main', 'dev', 'test'].map((name) => `/mnt/wsl/storage/nixos-wsl-${name}`)],
  looks: [['sh', '-c', 'stat -c "%n %a %u" /mnt/wsl/storage/*; ls -A /mnt/wsl/storage /nix']],
  nixosWsl: {
    flake,
    host: 'thinky-nixos',
    hostFile: 'hosts/thinky-nixos/default.nix',
    option: 'bindMountNixStore',
    mountUnit: 'wsl-storage-mount.service',
    onDisk: true,
    instances: { 'nixos-wsl-dev': 'nixos-wsl-dev', 'nixos-wsl-test': 'nixos-wsl-test' },
    seed: 20_250_919,
    storePaths: 8,
  },
};
