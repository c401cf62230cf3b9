import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { thisMachine } from '../../../../src/host/this-machine.ts';
import { postgresShutdown } from '../../../../src/operations/postgres/postgres-shutdown.ts';
import { walFolder } from '../../../../src/operations/postgres/wal-folder.ts';
import type { Host } from '../../../../src/runbook/index.ts';
import { drive } from '../../../operations/drive.ts';
import { cluster, openFolder, postgresIds, skip, type Cluster, type Finish } from './cluster.ts';

/** A stopped cluster with rows, and a file system of its own for its WAL. */
async function world(): Promise<{ live: Cluster; to: string; input: { folder: string; to: string } }> {
  const finish: Finish = (cleanUp) => onTestFinished(async () => void (await cleanUp()));
  const root = openFolder(finish);
  const live = await cluster(root, finish);
  await live.start();
  await live.sql('CREATE TABLE kept AS SELECT generate_series(1, 1000) AS i');
  await live.stop();
  const to = join(root, 'wal');
  mkdirSync(to);
  const { uid, gid } = postgresIds();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=200m,mode=700,uid=${uid},gid=${gid}`, 'tmpfs', to]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', to]));
  return { live, to, input: { folder: live.folder, to } };
}

class PowerCut extends Error {}

/** The machine, which loses its power after so many effects. */
function withPower(power: { left: number }): Host {
  const machine = thisMachine();
  const effect = () => {
    if (power.left === 0) throw new PowerCut();
    power.left -= 1;
  };
  const changes = (argv: readonly string[]) =>
    ['ln', 'rm', 'sync', 'mkdir', 'find'].includes(argv[0] ?? '') ||
    (argv[0] === 'rsync' && !argv.some((word) => /^-[a-z]*n/.test(word)));
  return {
    ...machine,
    exec: async (command, options) => {
      if (changes(command.argv)) effect();
      return machine.exec(command, options);
    },
    files: {
      ...machine.files,
      rename: async (from, to) => {
        effect();
        return machine.files.rename(from, to);
      },
      remove: async (path) => {
        effect();
        return machine.files.remove(path);
      },
    },
    clock: machine.clock,
    mounts: () => machine.mounts(),
    boot: () => machine.boot(),
  };
}

async function count(live: Cluster): Promise<string> {
  await live.start();
  const rows = await live.sql('SELECT count(*) FROM kept');
  await live.stop();
  return rows;
}

/** Whether a server starts: one that starts must have every row; one that does not must not have harmed any. */
async function mustNotLose(live: Cluster): Promise<void> {
  if (existsSync(join(live.folder, 'pg_wal'))) expect(await count(live)).toBe('1000');
  else await expect(live.start()).rejects.toThrow();
}

test('WAL moves behind a link and back, with what was written there meanwhile', { skip }, async () => {
  const { live, to, input } = await world();
  const step = await drive(walFolder, input);
  expect(await step.probe()).toBe('not-started');
  await step.act();
  expect(await step.probe()).toEqual({ done: { to } });
  expect(readlinkSync(join(live.folder, 'pg_wal'))).toBe(to);
  await live.start();
  expect(await step.probe()).toEqual({ done: { to } });
  await expect(step.undo()).rejects.toMatchObject({ code: 'postgres.running' });
  await live.sql('CREATE TABLE later AS SELECT generate_series(1, 10000) AS i');
  await live.stop();
  expect(await step.missing()).toEqual([]);
  await step.undo();
  await step.undo();
  expect(await step.probe()).toBe('not-started');
  expect(readdirSync(to)).toEqual([]);
  expect(lstatSync(join(live.folder, 'pg_wal')).mode & 0o777).toBe(0o700);
  await live.start();
  expect(await live.sql('SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM later)')).toBe(
    '1000|10000',
  );
});

test(
  'a power cut at any moment of the move, and of its undo, loses nothing, and either goes on or back',
  { skip },
  async () => {
    const { live, to, input } = await world();
    const power = { left: Number.POSITIVE_INFINITY };
    /** Whether it came to its end with power for so many effects. */
    const withEffects = async (effects: number, work: () => Promise<unknown>): Promise<boolean> => {
      power.left = effects;
      try {
        await work();
        return true;
      } catch (thrown) {
        if (thrown instanceof PowerCut) return false;
        throw thrown;
      } finally {
        power.left = Number.POSITIVE_INFINITY;
      }
    };
    let cuts = 0;
    for (let number = 0; ; number += 1) {
      // Captured before the cut, as the journal keeps it.
      const step = await drive(walFolder, input, { host: withPower(power) });
      const moved = await withEffects(number, () => step.act());
      if (!moved) {
        cuts += 1;
        await mustNotLose(live);
        if (number % 2 === 1) await step.act();
      }
      const back = await withEffects(number, () => step.undo());
      if (!back) {
        cuts += 1;
        await mustNotLose(live);
        await step.undo();
      }
      expect(await step.probe()).toBe('not-started');
      expect(readdirSync(to)).toEqual([]);
      if (moved && back) break;
    }
    expect(cuts).toBeGreaterThan(12);
    expect(await count(live)).toBe('1000');
  },
);

test(
  'the commands for a rescue shell bring the WAL back, also after a cut between the two renames',
  { skip },
  async () => {
    const { live, input } = await world();
    const step = await drive(walFolder, input);
    await step.act();
    const { breakGlass } = walFolder.undo as {
      breakGlass: (context: object) => readonly { argv: readonly [string, ...string[]] }[];
    };
    const [command] = breakGlass({ captured: step.captured });
    const [program, ...args] = command?.argv ?? ['false'];
    execFileSync(program, args);
    // What it leaves, it names.
    expect(execFileSync(program, args, { encoding: 'utf8' })).toContain(
      `the copy in ${input.to} is no longer`,
    );
    expect(lstatSync(join(live.folder, 'pg_wal')).isDirectory()).toBe(true);
    expect(await count(live)).toBe('1000');
    execFileSync('mv', [join(live.folder, 'pg_wal'), join(live.folder, 'pg_wal.migrate-aside')]);
    execFileSync(program, args);
    expect(await count(live)).toBe('1000');
  },
);

test(
  'a cluster that runs, crashed, is open to others or belongs to another is not taken for one at rest',
  { skip },
  async () => {
    const { live, input } = await world();
    const { folder } = live;
    const shutdown = async (more: object = {}) => (await drive(postgresShutdown, { folder, ...more })).act();
    const facts = await shutdown();
    expect(facts).toMatchObject({ version: '15', timeline: 1, checksums: false });
    await expect(shutdown({ systemIdentifier: '42' })).rejects.toMatchObject({
      code: 'postgres.other-cluster',
    });

    chmodSync(folder, 0o755);
    await expect(shutdown()).rejects.toMatchObject({ code: 'postgres.mode' });
    chmodSync(folder, 0o700);
    execFileSync('chown', ['root', folder]);
    // Root may read it, and the server would refuse it.
    await expect(shutdown()).rejects.toThrow();
    execFileSync('chown', ['postgres', folder]);

    await live.start();
    await expect(shutdown()).rejects.toMatchObject({ code: 'postgres.running' });
    await expect(drive(walFolder, input).then((step) => step.act())).rejects.toMatchObject({
      code: 'postgres.running',
    });
    await live.stop('immediate');
    await expect(shutdown()).rejects.toMatchObject({ code: 'postgres.not-shut-down' });
    await live.start();
    await live.stop();
    // A pid file that was left behind, whose number another process has by now.
    writeFileSync(join(folder, 'postmaster.pid'), `${process.pid}\n${folder}\n1000000000\n5432\n`);
    expect(await shutdown()).toMatchObject({ systemIdentifier: facts.systemIdentifier });
  },
);

test('WAL is moved only into an empty folder on another file system', { skip }, async () => {
  const { live, to, input } = await world();
  const at = (folder: string) => drive(walFolder, { ...input, to: folder });
  const beside = join(dirname(live.folder), 'beside');
  mkdirSync(beside);
  await expect(at(beside)).rejects.toMatchObject({ code: 'postgres.wal-same-disk' });
  await expect(at(join(to, 'absent'))).rejects.toMatchObject({ code: 'postgres.wal-target' });
  writeFileSync(join(to, 'somebody’s'), '');
  await expect(at(to)).rejects.toMatchObject({ code: 'postgres.wal-target' });
});
