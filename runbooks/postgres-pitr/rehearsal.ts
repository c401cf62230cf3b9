import type { RehearsalPlan } from 'migrate-runbook';
import { leftInWorlds, systemInUse } from '../nixos-module/left-in-worlds.ts';

const flake = '/home/admin/nix-config';
const data = '/persist/var/lib/postgresql';

/** A store on loopback, by the S3 server that the tests of this package use. */
const store = `import { chmodSync, chownSync } from 'node:fs';
import { createRequire } from 'node:module';
// As a manager of secrets leaves it.
chmodSync('/etc/pg-s3', 0o400);
chownSync('/etc/pg-s3', 71, 71);
const S3rver = createRequire(${JSON.stringify(`${import.meta.dirname}/`)})('s3rver');
await new S3rver({
  address: '127.0.0.1',
  port: 9000,
  silent: true,
  directory: '/var/lib/s3-store',
  configureBuckets: [{ name: 'homelab-postgres', configs: [] }],
}).run();
`;

/** A question to the server, whose answer is the same however often the run was killed. */
function ask(query: string): readonly string[] {
  return [
    'chroot',
    '--userspec=postgres:',
    '/',
    'psql',
    '-XAtq',
    '-h',
    '/run/postgresql',
    '-d',
    'postgres',
    '-c',
    query,
  ];
}

/** A NixOS machine in miniature, with real PostgreSQL, real barman-cloud, and a store on loopback. */
export const rehearsal: RehearsalPlan = {
  params: {
    destination: 's3://homelab-postgres/forge',
    credentials: '/etc/pg-s3',
    endpoint: 'http://127.0.0.1:9000',
    programs: '/usr/bin',
    flake,
    dataFolder: data,
    walFolder: `${data}/pg_wal`,
    excludesFile: 'hosts/_modules/nixos/services/postgresql/default.nix',
    backupRepository: '/mnt/nas/restic-postgres',
    backupPassword: 'file:/etc/restic/nas-primary.password',
    // A world has no migrate of its own.
    program: ['/bin/sh', '-c', 'echo "$@" >>/var/log/notices', 'migrate'],
    proofRows: 100,
  },
  megabytes: 2048,
  // What a live server, an archive and a backup write is never the same twice: looked at below.
  notCompared: [
    ...leftInWorlds(['postgresql']),
    ...[data, '/var/lib/s3-store', '/mnt/nas/restic-postgres'],
    // The number of the server's process.
    '/run/postgresql/.s.PGSQL.5432.lock',
  ],
  looks: [
    systemInUse,
    ['systemctl', 'list-units', '--no-legend'],
    ask(
      `SELECT name, setting, pending_restart FROM pg_settings WHERE name ~ '^(archive_[cml]|wal_level|max_wal_)' ORDER BY name`,
    ),
    ask('SELECT nspname FROM pg_namespace ORDER BY nspname'),
    ask('SELECT last_failed_wal FROM pg_stat_archiver WHERE last_failed_time > last_archived_time'),
    ['cat', `${data}/postgresql.auto.conf`],
  ],
  files: {
    '/etc/pg-s3': '[default]\naws_access_key_id = S3RVER\naws_secret_access_key = S3RVER\n',
    '/root/s3-store.mjs': store,
    '/var/lib/s3-store': null,
    [`${flake}/hosts/forge/default.nix`]: `{ config, lib, pkgs, ... }:
{
  imports = [
    ../_modules/nixos
  ];

  networking.hostName = "forge";
  networking.hostId = "8425e349";
  system.nixos.label = "1";
  boot.zfs.extraPools = [ ];

  modules.backup.enable = true;
  modules.notifications.enable = true;
  services.postgresql.enable = true;

  systemd.services.s3-store = {
    description = "An S3 store on loopback";
    wantedBy = [ "multi-user.target" ];
    before = [ "postgresql.service" ];
    serviceConfig.ExecStart = "node /root/s3-store.mjs";
  };
}
`,
  },
  nixosZfs: { flake, host: 'forge', services: ['postgresql'], seed: 20_251_009 },
};
