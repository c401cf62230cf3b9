import type { RehearsalPlan } from 'migrate-runbook';

const uuid = '5a1d7c3e-0f62-4b8e-9c47-2d6e8f10a3b5';

/** Where Nix keeps its own history: what it knows of builds (the paths are compared), logs, locks, stale roots. */
const nixHistory = [
  ...['db', 'gc.lock', 'gc-socket', 'gcroots/auto', 'temproots'].map((name) => `nix/${name}`),
  'log',
];

/** A NixOS-WSL machine in miniature, with the figures of a real one in its parameters. */
export const rehearsal: RehearsalPlan = {
  params: {
    storageUuid: uuid,
    flake: '/home/admin/nixcfg',
    backupRepository: '/mnt/backup/restic',
    backupPassword: 'file:/home/admin/restic-password',
    skipMountValidation: true,
    benchmarkRuns: 2,
    benchmarkMebibytes: 1,
  },
  disks: [
    { name: 'ssd', mountPoint: '/mnt/wsl/storage', uuid, megabytes: 768 },
    {
      name: 'backup',
      mountPoint: '/mnt/backup',
      uuid: '0c3b9a52-7d84-4e16-8f2a-6b5e4d3c2a19',
      megabytes: 512,
    },
  ],
  notCompared: [
    // A backup stays when its step is taken back, and restic names its files by chance; and what it caches.
    '/mnt/backup',
    '/root/.cache',
    // The fake systemd's own; what it knows is asked of it.
    '/run/systemd/world-units',
    '/run/systemd/system.control',
    '/var/log/world-journal',
    // The last is where the old store is reached beneath the mount.
    ...['/nix', '/mnt/wsl/storage/nixos-wsl-main', '/run/migrate-beneath/nix'].flatMap((nix) =>
      nixHistory.map((name) => `${nix}/var/${name}`),
    ),
  ],
  looks: [
    ['systemctl', 'list-units', '--no-legend'],
    ['sh', '-c', 'nix path-info --all | sort'],
  ],
  leaves: Object.fromEntries(
    ['final-copy', 'carry-generation'].map((step) => [step, ['/mnt/wsl/storage/nixos-wsl-main']]),
  ),
  files: { '/home/admin/restic-password': 'only for rehearsals\n' },
  nixosWsl: {
    flake: '/home/admin/nixcfg',
    host: 'thinky-nixos',
    hostFile: 'hosts/thinky-nixos/default.nix',
    option: 'bindMountNixStore',
    mountUnit: 'wsl-storage-mount.service',
    seed: 20_250_919,
    storePaths: 40,
  },
};
