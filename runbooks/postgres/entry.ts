import type { ServiceEntry } from '../services/catalogue.ts';

/**
 * The dump that its backup job takes, since the files of a server at work are no backup.
 */
const dump = `systemd.services.postgresql-dump = {
      description = "Dump of all databases, for the backup";
      requires = [ "postgresql.service" ];
      after = [ "postgresql.service" ];
      before = [ "restic-backups-postgresql.service" ];
      requiredBy = [ "restic-backups-postgresql.service" ];
      serviceConfig = {
        Type = "oneshot";
        User = "postgres";
      };
      script = ''
        umask 077
        PATH=$PATH:/run/current-system/sw/bin
        pg_dumpall --no-password -h /run/postgresql --file={backup}/all.part
        mv {backup}/all.part {backup}/all.sql
      '';
    };`;

/**
 * Where the server's data lies, what it may write to, and without which mounts it must not start: in an empty
 * folder NixOS would make a new cluster.
 */
const placed = `services.postgresql.dataDir = "{target}";

    systemd.services.postgresql = {
      unitConfig.AssertPathIsMountPoint = [ "{target}" "{mount}/postgres-wal" ];
      serviceConfig.ReadWritePaths = [ "{target}" "{mount}/postgres-wal" ];
    };

    ${dump}`;

/** The same in the old folder, for which a bind mount says by itself what must be mounted. */
const bound = `services.postgresql.dataDir = "{source}";

    systemd.services.postgresql.serviceConfig.ReadWritePaths = [ "{source}" "{mount}/postgres-wal" ];

    ${dump}`;

/** PostgreSQL as NixOS runs it. The properties are those of the plan: pages of 8K, a log that is written in sequence. */
export const postgresEntry = {
  service: 'postgres',
  units: ['postgresql.service'],
  owner: { user: 'postgres', group: 'postgres' },
  folder: '/persist/var/lib/postgresql',
  datasets: [
    { name: 'postgres-data', properties: { recordsize: '8K', compression: 'lz4', logbias: 'latency' } },
    {
      name: 'postgres-wal',
      properties: { recordsize: '128K', compression: 'off', logbias: 'throughput' },
      mode: '0700',
    },
  ],
  data: { kind: 'postgres', mustHold: ['PG_VERSION', 'global/pg_control', 'pg_wal'] },
  backup: {
    unit: 'restic-backups-postgresql.service',
    folder: '{mount}/postgres-dump',
    tags: ['postgresql', 'database'],
  },
  configuration: {
    bind: [
      { from: 'services.postgresql.dataDir = "{source}";', to: bound },
      {
        from: '"d {source} 0700 postgres postgres - -"',
        to: '"d {source} 0700 postgres postgres - -"\n      "d {backup} 0700 postgres postgres - -"',
      },
    ],
    point: [
      { from: 'services.postgresql.dataDir = "{source}";', to: placed },
      {
        from: '"d {source} 0700 postgres postgres - -"',
        to: '"d {target} 0700 postgres postgres - -"\n      "d {backup} 0700 postgres postgres - -"',
      },
    ],
  },
} satisfies ServiceEntry;
