import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NixosZfsService, WorldPool } from '../runbook/index.ts';
import type { WorldLayout } from './layout.ts';
import { backups, serviceAccounts, type NixosZfsMachine } from './nixos-zfs.ts';
import { fixture, moduleBeside } from './package-root.ts';
import type { RunResult } from './protocol.ts';
import { WorldError } from './world-error.ts';

/** What no list of files can say of a fresh machine's disk. */
export function prepareZfsRoot(root: string): void {
  symlinkSync('/run', join(root, 'var/run'));
  symlinkSync('/run/lock', join(root, 'var/lock'));
  // Services of other users run programs that may lie in root's home on the host.
  chmodSync(join(root, 'root'), 0o711);
  mkdirSync(join(root, 'var/empty'));
}

/** A host that runs a service's unit must find its data there. */
export const dataFolder = (service: NixosZfsService): string => `/persist/var/lib/${service}`;

/**
 * Installs NixOS with ZFS into a world that has booted with the plain init, as an installer would: pools,
 * a backup repository, the data of services, and the first system.
 *
 * @throws WorldError `world.install` when one of the commands fails
 */
export async function installNixosZfs(installation: {
  readonly layout: WorldLayout;
  readonly machine: NixosZfsMachine;
  readonly run: (argv: readonly string[]) => Promise<RunResult>;
}): Promise<void> {
  const { layout, machine, run } = installation;
  const { host, flake, pools } = machine;
  writeFileSync(
    join(layout.shared, 'nixos.json'),
    JSON.stringify({
      machine: 'nixos-zfs',
      host,
      pools: pools.map(({ name }) => name),
      // What units call.
      migrate: [realpathSync(process.execPath), moduleBeside('migrate-in-world')],
    }),
  );
  const script = `
    set -eu
    mkdir -p /run/lock
    zfs-fuse --no-daemon --no-kstat-mount --fuse-mount-options default_permissions >/dev/null 2>&1 &
    tries=0
    until zpool list >/dev/null 2>&1; do
      tries=$((tries + 1))
      [ "$tries" -lt 1500 ] || { echo 'zfs-fuse does not answer' >&2; exit 1; }
      sleep 0.02
    done
    # What was written to the disk before there were pools.
    for folder in /home /persist; do
      [ ! -d "$folder" ] || mv "$folder" "$folder.before"
    done
    ${pools.map(poolCommands).join('\n')}
    for folder in /home /persist; do
      [ ! -d "$folder.before" ] || { cp -a "$folder.before/." "$folder/"; rm -rf "$folder.before"; }
    done
    mkdir -p ${backups.repository} /persist/var/lib
    restic --quiet --repo ${backups.repository} --password-file ${backups.passwordFile} init >/dev/null &
    repository=$!
    ${machine.services.map((service) => sampleCommands(service, machine)).join('\n')}
    [ ! -d ${flake} ] || chown -R 1000:1000 ${flake}
    nixos-rebuild boot --flake ${flake}#${host}
    wait "$repository"
    # Only now all of it is on the disks.
    for pool in ${pools.map(({ name }) => name).join(' ')}; do zpool export "$pool"; done
  `;
  const result = await run(['sh', '-c', script]);
  if (result.exitCode === 0) return;
  throw new WorldError(
    'world.install',
    `the world's NixOS could not be installed (exit ${result.exitCode}):\n${result.stderr.split('\n').slice(-15).join('\n')}`,
  );
}

function poolCommands({ name, datasets = {} }: WorldPool): string {
  const root = { mountpoint: 'none', ...datasets[name] };
  const options = (flag: string, properties: Readonly<Record<string, string>>) =>
    Object.entries(properties)
      .map(([key, value]) => `-${flag} ${key}=${value}`)
      .join(' ');
  return [
    `zpool create -o cachefile=none ${options('O', root)} ${name} /dev/disk/by-id/world-${name}`,
    ...Object.entries(datasets)
      .filter(([dataset]) => dataset !== name)
      .map(([dataset, properties]) => `zfs create ${options('o', properties)} ${dataset}`),
  ].join('\n');
}

function sampleCommands(service: NixosZfsService, { rows, seed }: NixosZfsMachine): string {
  const { user } = serviceAccounts[service];
  const folder = dataFolder(service);
  if (service !== 'postgresql') {
    return `node ${fixture('nixos-zfs', 'lib', 'seed-service.js')} ${service} ${folder} ${rows} ${seed}
      chown -R ${user}:${user} ${folder}`;
  }
  // In memory, since it makes a thousand files; then as a whole to its place.
  return `
    programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    mkdir /tmp/cluster && chown postgres /tmp/cluster && chmod 0700 /tmp/cluster
    as_postgres() { setpriv --reuid=${user} --regid=${user} --clear-groups -- "$@"; }
    as_postgres "$programs/initdb" --no-sync --auth=trust --locale=C --encoding=UTF8 -D /tmp/cluster >/dev/null
    as_postgres "$programs/postgres" --single -D /tmp/cluster postgres >/dev/null <<'SQL'
create table rows (id text primary key, text text not null)
insert into rows select 'sample-' || number, repeat('${seed} ', 20) from generate_series(1, ${rows}) number
SQL
    cp -a /tmp/cluster ${folder}
    rm -r /tmp/cluster`;
}
