import type { RehearsalPlan } from 'migrate-runbook';
import { leftInWorlds, systemInUse } from '../nixos-module/left-in-worlds.ts';

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
    flake,
  },
  // Its data is lost, and comes back when the service starts.
  afterwards: [
    ['systemctl', 'start', 'restic-backups-sonarr.service'],
    ['systemctl', 'stop', 'sonarr.service', 'preseed@sonarr.service'],
    ['rm', '-r', '/persist/var/lib/sonarr'],
    ['systemctl', 'start', 'sonarr.service'],
    ['systemctl', 'is-active', 'sonarr.service'],
    ['journalctl', '--unit=preseed@sonarr.service', '--output=cat', '--no-pager'],
    ['test', '-s', '/persist/var/lib/sonarr/config.xml'],
  ],
  notCompared: leftInWorlds(['sonarr']),
  looks: [systemInUse, ['systemctl', 'list-units', '--no-legend']],
  nixosZfs: { flake, host: 'forge', services: ['sonarr'], seed: 20_251_004 },
};
