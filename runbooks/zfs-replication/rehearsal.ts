import type { RehearsalPlan } from 'migrate-runbook';
import { leftInWorlds, systemInUse } from '../nixos-module/left-in-worlds.ts';

const flake = '/home/admin/nixcfg';

/** The former job as it stands in the configuration of a world. */
const formerJob = `
    # Snapshots by hand, from before there was anything better.
    systemd.services.zfs-snapshot = {
      description = "Snapshots of what is kept";
      after = [ "zfs-mount.service" ];
      serviceConfig.Type = "oneshot";
      script = ''
        now=$(date +%Y-%m-%d-%H%M%S)
        zfs snapshot "rpool/safe/persist@custom-$now"
        zfs list -H -t snapshot -o name -s creation -r rpool/safe/persist | grep @custom- | head -n -7 |
          while read -r snapshot; do
            zfs destroy "$snapshot"
          done
      '';
    };
    systemd.timers.zfs-snapshot = {
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = "hourly";
        Persistent = true;
      };
    };
`;

export const rehearsal: RehearsalPlan = {
  params: {
    flake,
    formerJob,
    formerUnits: ['zfs-snapshot.service', 'zfs-snapshot.timer'],
    backupUnits: ['restic-backups-sonarr.service'],
    importUnit: 'zfs-import.service',
    // A world has no migrate of its own.
    program: ['/usr/bin/true'],
    // No schedule runs in a world, so that the replica falls behind while time is skipped.
    waitForSchedule: false,
    soakMin: '2h',
    soakMax: '4h',
  },
  notCompared: [
    ...leftInWorlds(['sonarr', 'plex']),
    // A replica and a backup stay when their steps are taken back.
    '/mnt/nas',
    '/var/cache',
    '/var/log/notifications',
  ],
  looks: [
    systemInUse,
    ['systemctl', 'list-units', '--no-legend'],
    ['zfs', 'list', '-H', '-o', 'name', '-r', 'tank', 'rpool'],
  ],
  nixosZfs: {
    flake,
    host: 'forge',
    services: ['sonarr', 'plex'],
    pools: [{ name: 'backup-pool', megabytes: 256 }],
    seed: 20_251_003,
  },
};
