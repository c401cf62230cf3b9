import type { RehearsalPlan } from 'migrate-runbook';

const flake = '/home/admin/nixcfg';

export const rehearsal: RehearsalPlan = {
  params: {
    flake,
    repository: '/mnt/nas/restic',
    password: 'file:/etc/restic/nas-primary.password',
    pitr: true,
    // Each of these has a rehearsal of its own.
    doneBefore: [
      'storage-datasets',
      'sonarr',
      'radarr',
      'plex',
      'home-assistant',
      'postgres',
      'zfs-replication',
      'preseed',
      'postgres-pitr',
    ],
  },
  // Backups stay when what they were made for is taken back.
  notCompared: ['/mnt/nas', '/root/.cache', '/run/systemd/world-units', '/var/log/world-journal'],
  nixosZfs: { flake, host: 'forge', seed: 20_251_006 },
};
