import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { noPools, poolMachine, type PoolMachine } from '../zfs/pool.ts';

const missing = ['sanoid', 'syncoid'].filter((name) => !existsSync(`/usr/sbin/${name}`));

/** Why tests with the real sanoid and syncoid cannot run here; `false` where they can. */
export const noReplication: string | false =
  noPools !== false ? noPools : missing.length > 0 ? `${missing.join(' and ')} not installed` : false;
if (noReplication !== false) console.log(`tests of replication are skipped: ${noReplication}`);

export const place = { source: 'tank/persist', target: 'backup-pool/tank-replica' };

export interface ReplicationMachine extends PoolMachine {
  /** Writes a file of that many KiB into a service's dataset. */
  write(service: string, name: string, kibibytes?: number): void;
  /** Full names of a dataset's snapshots and those beneath it. */
  snapshots(dataset: string): Promise<readonly string[]>;
  /** Puts a program before the real one of that name; it finds the real one in `$REAL`. */
  shim(program: string, script: string): Promise<void>;
}

/** `tank/persist` with two services, a pool for the replica, and a sanoid without a memory of other machines. */
export async function replicationMachine(
  options: { backupMegabytes?: number } = {},
): Promise<ReplicationMachine> {
  const machine = await poolMachine();
  await machine.host.exec({ argv: ['mount', '-t', 'tmpfs', 'tmpfs', '/var/cache'] });
  await machine.pool('tank', { megabytes: 160 });
  await machine.pool('backup-pool', { megabytes: options.backupMegabytes ?? 96 });
  await machine.zfs('create', '-o', 'canmount=off', 'tank/persist');
  const point = (service: string) => join(machine.folder, service);
  for (const service of ['sonarr', 'plex'])
    await machine.zfs('create', '-o', `mountpoint=${point(service)}`, `tank/persist/${service}`);
  const shims = join(machine.folder, 'shims');
  mkdirSync(shims);
  return {
    ...machine,
    write: (service, name, kibibytes = 4) => {
      const [program, ...args] = machine.enter();
      const data = join(machine.folder, 'data');
      writeFileSync(data, Buffer.alloc(kibibytes * 1024, `${name} `));
      execFileSync(program, [...args, 'cp', data, join(point(service), name)]);
    },
    snapshots: async (dataset) =>
      (await machine.zfs('list', '-H', '-o', 'name', '-t', 'snapshot', '-r', dataset))
        .split('\n')
        .filter((name) => name !== ''),
    shim: async (program, script) => {
      const real = `/usr/sbin/${program}`;
      const path = join(shims, program);
      writeFileSync(path, `#!/bin/sh\nREAL=/run/real-${program}\n${script}\nexec "$REAL" "$@"\n`, {
        mode: 0o755,
      });
      // Over the program itself, so that whoever calls it meets the shim; it is unseen outside.
      await machine.host.exec({ argv: ['cp', '-L', real, `/run/real-${program}`] });
      await machine.host.exec({ argv: ['mount', '--bind', path, realpathSync(real)] });
    },
  };
}
