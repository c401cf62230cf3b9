import type { RehearsalPlan } from 'migrate-runbook';

const flake = '/home/admin/nixcfg';

export const rehearsal: RehearsalPlan = {
  params: {
    flake,
    // zfs-fuse has no lz4.
    probeProperties: { recordsize: '16K', compression: 'gzip-1', 'com.sun:auto-snapshot': 'false' },
  },
  notCompared: ['/run/systemd/world-units', '/var/log/world-journal', '/root/.cache'],
  looks: [
    ['systemctl', 'list-units', '--no-legend'],
    ['zfs', 'list', '-H', '-p', '-o', 'name,mountpoint,recordsize,compression', '-r', 'tank', 'rpool'],
  ],
  nixosZfs: { flake, host: 'forge', services: ['sonarr'], seed: 20_251_005 },
};
