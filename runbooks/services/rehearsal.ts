import type { RehearsalPlan } from 'migrate-runbook';
import { leftInWorlds, systemInUse } from '../nixos-module/left-in-worlds.ts';
import type { Service } from './catalogue.ts';

const flake = '/home/admin/nix-config';
const modules = `${flake}/hosts/_modules/nixos`;
/** Services that a world can have. */
const inWorlds = ['sonarr', 'radarr', 'plex', 'home-assistant', 'postgresql'] as const;

type Compared = Required<Pick<RehearsalPlan, 'notCompared' | 'looks'>>;

const cluster = '/persist/var/lib/postgresql';
const psql = 'psql -X -q -A -t -h /run/postgresql -U postgres -d postgres';

/**
 * A server at work writes other bytes to its files each time. What is compared is what people have in it: where
 * it lives, every row, and whose its folders are.
 */
const ofPostgres: Compared = {
  notCompared: [
    ...[cluster, '/persist/postgres-data', '/persist/postgres-wal', '/run/postgresql'],
    // What the backup job has dumped stays, as backups do.
    '/persist/postgres-dump',
  ],
  looks: [
    [
      'sh',
      '-c',
      // Right after its start it does not answer yet.
      `systemctl is-active --quiet postgresql || exit 0
n=0; until ${psql} -c 'SELECT 1' >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 100 ] || exit 0; sleep 0.1; done
${psql} -c 'SHOW data_directory' -c "SELECT count(*), md5(string_agg(r::text, ',' ORDER BY r::text)) FROM rows AS r"`,
    ],
    [
      'sh',
      '-c',
      `for folder in ${cluster} /persist/postgres-data; do
  stat -c '%n %F %a %U:%G' "$folder" "$folder/pg_wal"; readlink "$folder/pg_wal"
done; stat -c '%n %F %a %U:%G' /persist/postgres-wal`,
    ],
  ],
};

/** The module that makes datasets as the configuration declares them. */
const datasetsModule = `{ lib, ... }:
{
  options.modules.storage.datasets = {
    enable = lib.mkEnableOption "datasets of services";
    parentDataset = lib.mkOption { type = lib.types.str; default = "rpool/safe/persist"; };
    parentMount = lib.mkOption { type = lib.types.str; default = "/persist"; };
    services = lib.mkOption { type = lib.types.attrsOf lib.types.attrs; default = { }; };
  };
  config.modules.storage.datasets = { enable = true; parentDataset = "tank/persist"; };
}
`;

/** The world of a service that has one: a NixOS machine with real pools, its program a stand-in. */
export function rehearsalOf({ service }: Service): { readonly rehearsal?: RehearsalPlan } {
  const name = inWorlds.find((one) => one === (service === 'postgres' ? 'postgresql' : service));
  if (name === undefined) return {};
  const own = name === 'postgresql' ? ofPostgres : { notCompared: [], looks: [] };
  return {
    rehearsal: {
      params: {
        repository: '/mnt/nas/restic',
        password: 'file:/etc/restic/nas-primary.password',
        flake,
        // zfs-fuse has neither lz4 nor large records.
        substitute: { 'compression=lz4': 'on', 'recordsize=1M': '128K' },
        laterWrites: 'carry-back',
        serviceFile: `hosts/_modules/nixos/services/${name}/default.nix`,
        soakMin: '2h',
        soakMax: '4h',
      },
      files: {
        [`${modules}/storage/datasets.nix`]: datasetsModule,
        [`${modules}/default.nix`]: `{ ... }:
{
  imports = [
    ./backup.nix
    ./notifications
    ./storage/datasets.nix
    ./services/${name}
  ];
}
`,
      },
      notCompared: [
        ...leftInWorlds([name], ['/persist/var/lib', '/persist']),
        // Backups stay when their steps are taken back.
        '/mnt/nas',
        '/var/cache',
        // The folder of masks stays; the masks in it are looked at.
        '/run/systemd/system.control',
        // So does libmount's memory of options; of which mounts it keeps any is looked at.
        '/run/mount',
        ...own.notCompared,
      ],
      looks: [
        systemInUse,
        ['find', '/run/systemd/system.control', '/run/systemd/system', '-type', 'l'],
        ['systemctl', 'list-units', '--no-legend'],
        ['sh', '-c', "sed -n 's/.*\\(TARGET=[^ ]*\\).*/\\1/p' /run/mount/utab 2>/dev/null"],
        ['zfs', 'list', '-H', '-p', '-o', 'name,mountpoint,recordsize,compression', '-r', 'tank', 'rpool'],
        [
          'sh',
          '-c',
          "zfs list -H -t snapshot -o name -r tank rpool | sed 's/@migrate-[a-z-]*-[0-9]*-[a-z0-9]*/@RUN/'",
        ],
        ...own.looks,
      ],
      nixosZfs: { flake, host: 'forge', services: [name], seed: 20_251_010 },
    },
  };
}
