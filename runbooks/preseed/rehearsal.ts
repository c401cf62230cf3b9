import type { RehearsalPlan } from 'migrate-runbook';

const flake = '/home/admin/nixcfg';

export const rehearsal: RehearsalPlan = {
  params: {
    service: 'sonarr',
    dataPath: '/persist/var/lib/sonarr',
    mustHold: ['config.xml'],
    repository: '/mnt/nas/restic',
    password: 'file:/etc/restic/nas-primary.password',
    backupHost: 'forge',
    backupUnits: ['restic-backups-sonarr.service'],
    // A world has no migrate of its own: what the unit calls is tried apart, how it is installed here.
    program: ['/usr/bin/true'],
    flake,
  },
  notCompared: [
    '/run/systemd/world-units',
    '/var/log/world-journal',
    '/root/.cache',
    // The memory that readers of a live database share.
    '/persist/var/lib/sonarr/sonarr.db-shm',
  ],
  looks: [['systemctl', 'list-units', '--no-legend']],
  nixosZfs: { flake, host: 'forge', services: ['sonarr'], seed: 20_251_004 },
};
