import type { RehearsalPlan } from 'migrate-runbook';

const targetUuid = 'c81f5b27-0e94-4a3d-b6d2-97f30ea481c5';

/** The backup on one disk, an empty ext4 for the new root on another. */
export const rehearsal: RehearsalPlan = {
  params: {
    from: 'backup',
    source: '/srv/backup',
    targetUuid,
    rebuild: ['nixos-install', '--root', '/mnt/new-root', '--flake', '/srv/nix-config#cassie-box'],
  },
  disks: [{ name: 'new-root', mountPoint: '/mnt/new-root', uuid: targetUuid, megabytes: 64 }],
  standIns: ['nixos-install'],
  files: {
    '/srv/backup/var-lib/nixos/uid-map': '{}\n',
    '/srv/backup/services/plex/data': 'sample of plex\n',
    '/srv/backup/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
    '/srv/backup/home/admin/notes.txt': 'of the old root\n',
  },
};
