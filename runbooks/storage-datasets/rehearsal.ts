import type { RehearsalPlan } from 'migrate-runbook';
import { leftInWorlds, systemInUse } from '../nixos-module/left-in-worlds.ts';

const flake = '/home/admin/nixcfg';

export const rehearsal: RehearsalPlan = {
  params: {
    flake,
    // zfs-fuse has no lz4.
    probeProperties: { recordsize: '16K', compression: 'gzip-1', 'com.sun:auto-snapshot': 'false' },
  },
  notCompared: leftInWorlds(['sonarr']),
  looks: [
    systemInUse,
    ['systemctl', 'list-units', '--no-legend'],
    ['zfs', 'list', '-H', '-p', '-o', 'name,mountpoint,recordsize,compression', '-r', 'tank', 'rpool'],
  ],
  nixosZfs: { flake, host: 'forge', services: ['sonarr'], seed: 20_251_005 },
};
