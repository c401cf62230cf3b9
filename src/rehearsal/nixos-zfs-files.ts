import { createHash } from 'node:crypto';
import type { NixosZfsService } from '../runbook/index.ts';
import { backups, serviceAccounts, type NixosZfsMachine } from './nixos-zfs.ts';
import { nixConf } from './nix-settings.ts';

/** Words that tell what a backup is of. */
const kinds: Readonly<Record<NixosZfsService, string>> = {
  sonarr: 'media',
  radarr: 'media',
  plex: 'media',
  'home-assistant': 'automation',
  postgresql: 'database',
};

/** The files of a ZFS machine that are on its disk before the first boot, by path. */
export function nixosZfsFiles(machine: NixosZfsMachine): Readonly<Record<string, string | null>> {
  const { flake, host, services } = machine;
  const modules = `${flake}/hosts/_modules/nixos`;
  const accounts = Object.values(serviceAccounts);
  return {
    '/etc/NIXOS': '',
    // By it a pool knows the machine that it was last imported on.
    '/etc/hostid': '',
    '/etc/passwd': accountLines(accounts, (user, id, home) => `${user}:x:${id}:${id}::${home}:/bin/sh`),
    '/etc/group': accountLines(accounts, (user, id) => `${user}:x:${id}:`),
    '/etc/nix/nix.conf': nixConf,
    [backups.passwordFile]: 'only for rehearsals\n',
    '/etc/zfs/zfsrc': '',
    '/var/lib/zfs': null,
    [`${flake}/flake.nix`]: flakeText(host),
    [`${flake}/hosts/${host}/default.nix`]: hostText(machine),
    [`${modules}/default.nix`]: modulesText(services),
    [`${modules}/backup.nix`]: backupText,
    [`${modules}/notifications/default.nix`]: notificationsText,
    ...Object.fromEntries(
      services.map((name) => [`${modules}/services/${name}/default.nix`, serviceText(name)]),
    ),
  };
}

function accountLines(
  services: readonly { readonly user: string; readonly id: number }[],
  line: (user: string, id: number, home: string) => string,
): string {
  const own = [
    ['root', 0, '/root'],
    ['admin', 1000, '/home/admin'],
    ['nobody', 65_534, '/'],
  ] as const;
  const all = [...own, ...services.map(({ user, id }) => [user, id, '/var/empty'] as const)];
  return all.map(([user, id, home]) => `${line(user, id, home)}\n`).join('');
}

function flakeText(host: string): string {
  return `{
  description = "The configuration of a rehearsal's machine";
  outputs = { self, nixpkgs, ... }: {
    nixosConfigurations.${host} = nixpkgs.lib.nixosSystem {
      modules = [ ./hosts/${host} ];
    };
  };
}
`;
}

function hostText({ host, services, pools, seed }: NixosZfsMachine): string {
  const hostId = createHash('sha256').update(`host ${seed}`).digest('hex').slice(0, 8);
  return `{ config, lib, pkgs, ... }:
{
  imports = [
    ../_modules/nixos
  ];

  networking.hostName = "${host}";
  networking.hostId = "${hostId}";
  system.nixos.label = "1";
  boot.zfs.extraPools = [ ${pools.map(({ name }) => `"${name}"`).join(' ')} ];

  modules.backup.enable = true;
  modules.notifications.enable = true;

${services.map((name) => `  services.${name}.enable = true;\n`).join('')}}
`;
}

function modulesText(services: readonly NixosZfsService[]): string {
  return `{ ... }:
{
  imports = [
    ./backup.nix
    ./notifications
${services.map((name) => `    ./services/${name}\n`).join('')}  ];
}
`;
}

function serviceText(name: NixosZfsService): string {
  const { user } = serviceAccounts[name];
  const folder = `/persist/var/lib/${name}`;
  const mode = name === 'postgresql' ? '0700' : '0755';
  return `{ config, lib, pkgs, ... }:
let
  cfg = config.services.${name};
in
{
  config = lib.mkIf cfg.enable {
    services.${name}.dataDir = "${folder}";

    systemd.tmpfiles.rules = [
      "d ${folder} ${mode} ${user} ${user} - -"
    ];

    modules.backup.restic.jobs.${name} = lib.mkIf config.modules.backup.enable {
      enable = true;
      paths = [ "${folder}" ];
      excludePatterns = [ "**/.cache" "**/*.tmp" ];
      repository = "nas-primary";
      tags = [ "${name}" "${kinds[name]}" ];
    };
  };
}
`;
}

const backupText = `{ config, lib, pkgs, ... }:
let
  cfg = config.modules.backup;
in
{
  options.modules.backup = {
    enable = lib.mkEnableOption "backups";
    restic = {
      repositories = lib.mkOption {
        type = lib.types.attrsOf lib.types.attrs;
        default = { };
      };
      # Each becomes restic-backups-NAME.service, with a timer.
      jobs = lib.mkOption {
        type = lib.types.attrsOf lib.types.attrs;
        default = { };
      };
    };
  };

  config = lib.mkIf cfg.enable {
    modules.backup.restic.repositories.nas-primary = {
      url = "${backups.repository}";
      passwordFile = "${backups.passwordFile}";
    };

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
  };
}
`;

const notificationsText = `{ config, lib, pkgs, ... }:
{
  options.modules.notifications = {
    enable = lib.mkEnableOption "notifications";
    templates = lib.mkOption {
      type = lib.types.attrsOf lib.types.attrs;
      default = { };
    };
  };

  config = lib.mkIf config.modules.notifications.enable {
    modules.notifications.templates = {
      backup-failure = {
        enable = true;
        priority = "high";
        title = "Backup Failed";
        body = "A backup did not come to its end";
      };
    };
  };
}
`;
