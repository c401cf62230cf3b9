import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookForData, stageRestore, swapIn } from '../../../../src/operations/index.ts';
import type { Host } from '../../../../src/runbook/index.ts';
import { drive } from '../../../operations/drive.ts';
import { temporaryFolder } from '../../../host/folder.ts';
import { noRestic, repository } from './lost-service.ts';
import { noPools, poolMachine, type PoolMachine } from '../zfs/pool.ts';

const skip = noPools !== false;

/** A service on its own dataset, with a snapshot, and a replica of it in another pool. */
async function service() {
  const machine = await poolMachine();
  await machine.pool('tank');
  await machine.pool('backup');
  const path = join(machine.folder, 'sonarr');
  const properties = ['-o', 'recordsize=16K', '-o', 'compression=gzip'];
  await machine.zfs('create', ...properties, '-o', `mountpoint=${path}`, 'tank/sonarr');
  await fill(machine, path, 50);
  await machine.zfs('snapshot', 'tank/sonarr@good');
  await bash(machine, 'zfs send tank/sonarr@good | zfs receive -u backup/sonarr');
  const place = {
    path,
    dataset: 'tank/sonarr',
    mustHold: ['config.xml', 'sonarr.db'],
    sqlite: ['sonarr.db'],
  };
  const sources = [{ kind: 'snapshot' as const }, { kind: 'replica' as const, dataset: 'backup/sonarr' }];
  const given = { ...place, sources, limit: '1h' as const };
  return { machine, path, place, given };
}

async function fill(machine: PoolMachine, path: string, rows: number): Promise<void> {
  const values = Array.from({ length: rows }, (_, row) => `(${row})`).join(',');
  await bash(
    machine,
    `cd "$0"; echo '<Config/>' > config.xml; sqlite3 sonarr.db "CREATE TABLE e (id); INSERT INTO e VALUES ${values}"; chown -R 20123:20123 .; chmod 750 .; sync`,
    path,
  );
}

async function bash(machine: PoolMachine, script: string, ...args: readonly string[]): Promise<string> {
  return (await machine.host.exec({ argv: ['bash', '-ec', `set -o pipefail; ${script}`, ...args] })).stdout;
}

/** zfs-fuse lets go of what was mounted a moment later. */
async function destroy(machine: PoolMachine): Promise<void> {
  await machine.zfs('unmount', 'tank/sonarr').catch(() => '');
  await bash(
    machine,
    'for i in $(seq 50); do zfs destroy -r tank/sonarr 2>/dev/null && exit; sleep 0.1; done; exit 1',
  );
}

async function rows(machine: PoolMachine, path: string): Promise<number> {
  return Number(await bash(machine, 'sqlite3 "$0/sonarr.db" "SELECT count(*) FROM e"', path));
}

const value = async (machine: PoolMachine, property: string, dataset = 'tank/sonarr') =>
  (await machine.zfs('get', '-H', '-p', '-o', 'value', property, dataset)).trim();

/** A repository within the machine, which holds a backup of the data as it is now. */
async function backedUp({ machine, path }: { machine: PoolMachine; path: string }) {
  const { access, restic } = repository(machine.folder);
  await machine.host.exec({
    argv: ['restic', 'backup', '--quiet', '--host', 'forge', path],
    env: {
      ...access.env,
      RESTIC_REPOSITORY: access.repository,
      RESTIC_PASSWORD_FILE: access.password.name,
    },
  });
  void restic;
  return { kind: 'restic' as const, ...access, host: 'forge' };
}

type World = Awaited<ReturnType<typeof service>>;

async function stage(
  { machine, given }: Pick<World, 'machine' | 'given'>,
  folder = temporaryFolder(),
  host: Host = machine.host,
) {
  const step = await drive(stageRestore, given, { host, run: { folder } });
  return { step, output: await step.act() };
}

async function swapping(
  { machine, place }: World,
  output: Awaited<ReturnType<typeof stage>>['output'],
  host: Host = machine.host,
) {
  if (output.staged === null) throw new Error('nothing is staged');
  return drive(swapIn, { ...place, staged: output.staged }, { host });
}

test(
  'an emptied dataset comes back from its newest sound snapshot, keeps its snapshots, and what was there is kept',
  { skip },
  async () => {
    const world = await service();
    const { machine, path, place } = world;
    await bash(machine, 'cd "$0"; rm -rf ./*; sync', path);
    // Taken after the loss, as a timer does.
    await machine.zfs('snapshot', 'tank/sonarr@empty');
    const looking = await drive(lookForData, place, { host: machine.host });
    expect(await looking.act()).toMatchObject({ state: 'absent' });
    const { output } = await stage(world);
    expect(output).toMatchObject({ source: 'snapshot', snapshot: 'tank/sonarr@good' });
    const swap = await swapping(world, output);
    const { aside } = await swap.act();
    expect(await rows(machine, path)).toBe(50);
    expect(await value(machine, 'recordsize')).toBe('16384');
    expect(await value(machine, 'origin')).toBe('-');
    expect(await machine.zfs('list', '-H', '-o', 'name', '-t', 'snapshot')).toMatch(/^tank\/sonarr@good$/m);
    expect(await machine.zfs('list', '-H', '-o', 'name', aside ?? '')).toBeTruthy();
    expect(await swap.probe()).toEqual({ done: { aside } });
    expect(await (await drive(lookForData, place, { host: machine.host })).act()).toMatchObject({
      state: 'present',
    });
  },
);

test(
  'a destroyed dataset comes back from a replica, under a new GUID, with the properties that it should have',
  { skip },
  async () => {
    const world = await service();
    const { machine, path, given } = world;
    await destroy(machine);
    const properties = { recordsize: '16K' };
    const { output } = await stage({ machine, given: { ...given, properties } as World['given'] });
    expect(output).toMatchObject({ source: 'replica', snapshot: 'backup/sonarr@good' });
    expect(output.attempts).toMatchObject([{ source: 'snapshot', outcome: 'none' }, { outcome: 'staged' }]);
    await (await swapping(world, output)).act();
    expect(await rows(machine, path)).toBe(50);
    expect(await value(machine, 'canmount')).toBe('on');
  },
);

test(
  'a dataset that is not mounted, a pool that is away and files beneath a mount point are never restored over',
  { skip },
  async () => {
    const { machine, path, place, given } = await service();
    const look = async () =>
      (await drive(lookForData, place, { host: machine.host })).act().then(
        ({ state }) => state,
        ({ code }: { code: string }) => code,
      );
    expect(await look()).toBe('present');
    await machine.zfs('unmount', 'tank/sonarr');
    expect(await look()).toBe('restore.unknown');
    await expect(stage({ machine, given })).rejects.toMatchObject({ code: 'restore.unknown' });
    await machine.zpool('export', 'tank');
    expect(await look()).toBe('restore.unknown');
    await machine.zpool('import', '-d', machine.folder, 'tank');
    await machine.zfs('unmount', '-a').catch(() => '');
    await destroy(machine);
    await bash(machine, 'mkdir -p "$0"; echo > "$0/written-beneath"', path);
    expect(await look()).toBe('restore.unknown');
  },
);

test(
  'killed after each command of staging and of the swap, with the power cut, it goes on and ends alike',
  { skip },
  async () => {
    const world = await service();
    const { machine, path } = world;
    await bash(machine, 'cd "$0"; rm -rf ./*; sync', path);
    await machine.zfs('snapshot', 'tank/sonarr@empty');
    const changing = (argv: readonly string[]) =>
      argv[0] === 'zfs' &&
      ['clone', 'destroy', 'mount', 'unmount', 'rename', 'set', 'promote'].includes(argv[1] ?? '');
    /** Dies after so many commands that change something. */
    const dying = (after: number): Host => {
      let left = after;
      return {
        ...machine.host,
        exec: async (command, options) => {
          if (left < 0) throw new Error('dead');
          const result = await machine.host.exec(command, options);
          if (changing(command.argv) && (left -= 1) < 0) throw new Error('dead');
          return result;
        },
      };
    };
    const folder = temporaryFolder();
    let output: Awaited<ReturnType<typeof stage>>['output'] | undefined;
    let deaths = 0;
    for (let after = 0; output === undefined; after += 1) {
      try {
        ({ output } = await stage(world, folder, dying(after)));
      } catch (error) {
        if ((error as Error).message !== 'dead') throw error;
        deaths += 1;
      }
    }
    const swap = await swapping(world, output);
    for (let after = 0; after < 12; after += 1) {
      const host = dying(after);
      // Each attempt gets one command further than the one before, and the machine boots in between.
      const act = await swapAgain(world, output, swap.captured, host);
      if (act === 'done') break;
      deaths += 1;
      await machine.cut();
      await machine.boot();
    }
    // More where zfs-fuse is busy for a moment.
    expect(deaths).toBeGreaterThanOrEqual(9);
    expect(await swap.probe()).toMatchObject({ done: {} });
    expect(await rows(machine, path)).toBe(50);
    expect(await value(machine, 'canmount')).toBe('on');
    expect(await value(machine, 'origin')).toBe('-');
  },
);

async function swapAgain(
  { place }: World,
  output: Awaited<ReturnType<typeof stage>>['output'],
  captured: unknown,
  host: Host,
): Promise<'done' | 'dead'> {
  // As a later process would: the capture is the first one's.
  const operation = { ...swapIn, capture: () => captured } as typeof swapIn;
  const step = await drive(operation, { ...place, staged: output.staged as never }, { host });
  try {
    await step.act();
    return 'done';
  } catch (error) {
    if ((error as Error).message !== 'dead') throw error;
    return 'dead';
  }
}

test(
  'restic restores into a new dataset, whose root is the data folder itself; into a pool that is full it restores nothing',
  { skip: skip || noRestic !== false },
  async () => {
    const world = await service();
    const { machine, path, given } = world;
    const tree = () =>
      bash(
        machine,
        `find "$0" -printf '%P %y %m %U %G %s\\n' | grep -v ' d ' | sort; stat -c '%a %u' "$0"`,
        path,
      );
    const before = await tree();
    const source = await backedUp(world);
    await destroy(machine);
    const restoring = {
      ...given,
      sources: [source],
      properties: { recordsize: '16K' },
    } as unknown as World['given'];
    await machine.zfs('set', 'quota=1M', 'tank');
    await machine.zfs('create', '-o', `mountpoint=${machine.folder}/filler`, 'tank/filler');
    await bash(
      machine,
      'head -c 2M /dev/urandom > "$0" 2>/dev/null || true; sync',
      join(machine.folder, 'filler/full'),
    );
    await expect(stage({ machine, given: restoring })).rejects.toMatchObject({ code: 'restore.failed' });
    expect(await machine.zfs('list', '-H', '-o', 'name', '-r', 'tank')).toBe('tank\ntank/filler\n');
    expect(
      (await machine.host.files.list(machine.folder))?.filter((name) => name.includes('migrate')),
    ).toEqual([]);
    await machine.zfs('set', 'quota=none', 'tank');
    const { output } = await stage({ machine, given: restoring });
    expect(output).toMatchObject({ outcome: 'staged', source: 'restic' });
    await (await swapping(world, output)).act();
    expect(await tree()).toBe(before);
    expect(await value(machine, 'recordsize')).toBe('16384');
    expect(await rows(machine, path)).toBe(50);
  },
);

test(
  'a dataset that a bind mount shows in another place is not swapped, since that would go on to show what was lost',
  { skip },
  async () => {
    const world = await service();
    const { machine, path } = world;
    await bash(machine, 'cd "$0"; rm -rf ./*; sync', path);
    const { output } = await stage(world);
    const other = join(machine.folder, 'other');
    await bash(machine, 'mkdir "$0"; mount --bind "$1" "$0"', other, path);
    const swap = await swapping(world, output);
    await expect(swap.act()).rejects.toMatchObject({
      code: 'restore.shown-elsewhere',
      message: expect.stringContaining(other) as string,
    });
    expect(await machine.zfs('list', '-H', '-o', 'name', '-r', 'tank')).not.toContain('lost');
    await bash(machine, 'umount "$0"; rmdir "$0"', other);
    await swap.act();
    expect(await rows(machine, path)).toBe(50);
  },
);
