import { join } from 'node:path';
import { expect, test } from 'vitest';
import { postgresRows } from '../../../../src/operations/postgres/postgres-rows.ts';
import { postgresSnapshotProof } from '../../../../src/operations/postgres/postgres-snapshot-proof.ts';
import { walFolder } from '../../../../src/operations/postgres/wal-folder.ts';
import { zfsSnapshot } from '../../../../src/operations/index.ts';
import { asUser } from '../../../../src/operations/postgres/as-user.ts';
import { temporaryFolder } from '../../../host/folder.ts';
import { drive } from '../../../operations/drive.ts';
import { noPools, poolMachine } from '../zfs/pool.ts';
import { skip as noPostgres } from './cluster.ts';

const skip = noPools !== false || noPostgres;
const programs = '/usr/lib/postgresql/15/bin';

/** A stopped cluster with page checksums on a dataset, its WAL on another, and how to run statements in it. */
async function clusterOnDatasets() {
  const machine = await poolMachine();
  const { host } = machine;
  await machine.pool('tank', { megabytes: 384 });
  // /run is the machine's own, and short enough for a socket.
  for (const name of ['data', 'wal']) {
    await machine.zfs('create', '-o', `mountpoint=/run/pg-${name}`, `tank/${name}`);
    await host.exec({ argv: ['chown', 'postgres:postgres', `/run/pg-${name}`] });
    await host.exec({ argv: ['chmod', '0700', `/run/pg-${name}`] });
  }
  const [folder, to] = ['/run/pg-data', '/run/pg-wal'];
  const as = (...argv: readonly string[]) => host.exec(asUser('postgres', argv));
  await as(`${programs}/initdb`, '-D', folder, '-A', 'trust', '--no-sync', '-E', 'UTF8', '--data-checksums');
  const sql = async (...statements: readonly string[]) => {
    const options = `-c listen_addresses='' -c unix_socket_directories=/run/pg-wal -c fsync=off`;
    await as(`${programs}/pg_ctl`, '-D', folder, '-w', '-o', options, '-l', `${folder}/log`, 'start');
    for (const one of statements) await as('psql', '-X', '-h', '/run/pg-wal', '-d', 'postgres', '-c', one);
    await as(`${programs}/pg_ctl`, '-D', folder, '-w', 'stop');
  };
  return { machine, host, folder, to, sql };
}

test(
  'a snapshot of data and WAL is proven by its rows, its pages and its indexes, and nothing is left of the proof',
  { skip },
  async () => {
    const { machine, host, folder, to, sql } = await clusterOnDatasets();
    await sql(
      'CREATE TABLE kept (i int PRIMARY KEY, t text)',
      `INSERT INTO kept SELECT i, md5(i::text) FROM generate_series(1, 5000) AS i`,
      'CREATE TABLE "odd :name""s" ("migrate row" int)',
      'CREATE DATABASE other',
      'CREATE SEQUENCE counted',
    );
    const record = join(temporaryFolder(), 'rows.json');
    const read = await drive(postgresRows, { folder, record }, { host });
    const before = await read.act();
    expect(before).toMatchObject({
      version: '15',
      systemIdentifier: expect.stringMatching(/^\d+$/) as string,
    });
    expect(before.rows).toBeGreaterThan(5_000);
    // It has changed no row, and reads the same again.
    expect(await read.act()).toEqual(before);

    await (await drive(walFolder, { folder, to }, { host })).act();
    const snap = async (name: string) => {
      const taken = await drive(zfsSnapshot, { datasets: ['tank/data', 'tank/wal'], name }, { host });
      const [data, wal] = (await taken.act()).snapshots;
      if (data === undefined || wal === undefined) throw new Error('two snapshots were asked for');
      return { data, wal };
    };
    const datasets = () => machine.zfs('list', '-H', '-o', 'name');
    const pair = await snap('copied');
    const proof = await drive(postgresSnapshotProof, { ...pair, like: record }, { host });
    expect(await proof.probe()).toBe('not-started');
    expect(await proof.act()).toEqual({
      tables: before.tables,
      rows: before.rows,
      digest: before.digest,
      checksums: 'sound',
      amcheck: 'sound',
      compared: true,
    });
    expect(await datasets()).toBe('tank\ntank/data\ntank/wal\n');
    expect(await host.files.list('/run')).toEqual(
      expect.not.arrayContaining([expect.stringContaining('migrate')]),
    );

    // A row that changed, one that is missing, a table more: each is named.
    await sql(`UPDATE kept SET t = 'x' WHERE i = 7`, 'CREATE TABLE later (i int)');
    const changed = await drive(postgresSnapshotProof, { ...(await snap('later')), like: record }, { host });
    await expect(changed.act()).rejects.toMatchObject({
      code: 'postgres.rows-differ',
      message: expect.stringMatching(
        /public\.kept has other contents.*public\.later was not there/,
      ) as string,
    });
    expect(await datasets()).toBe('tank\ntank/data\ntank/wal\n');
  },
);

test(
  'a damaged page of a snapshot is told, and so is one snapshot in the place of another',
  { skip },
  async () => {
    const { machine, host, folder, to, sql } = await clusterOnDatasets();
    await sql('CREATE TABLE kept AS SELECT generate_series(1, 5000) AS i');
    await (await drive(walFolder, { folder, to }, { host })).act();
    const where = await host.exec({
      argv: [
        'sh',
        '-c',
        `find ${folder}/base -size +100k -newer ${folder}/PG_VERSION -name '[0-9]*' | sort -V | tail -n 1`,
      ],
    });
    const damage: [string, ...string[]] = [
      'dd',
      'if=/dev/urandom',
      `of=${where.stdout.trim()}`,
      'bs=64',
      'count=1',
      'seek=160',
      'conv=notrunc',
    ];
    await host.exec({ argv: damage });
    const taken = await (
      await drive(zfsSnapshot, { datasets: ['tank/data', 'tank/wal'], name: 'damaged' }, { host })
    ).act();
    const [data, wal] = taken.snapshots;
    if (data === undefined || wal === undefined) throw new Error('two snapshots were asked for');
    const proof = await drive(postgresSnapshotProof, { data, wal }, { host });
    await expect(proof.act()).rejects.toMatchObject({ code: 'postgres.damaged-pages' });
    const other = await drive(postgresSnapshotProof, { data: { ...data, guid: '1' }, wal }, { host });
    await expect(other.act()).rejects.toMatchObject({ code: 'postgres.other-snapshot' });
    expect(await machine.zfs('list', '-H', '-o', 'name')).toBe('tank\ntank/data\ntank/wal\n');
  },
);

test(
  'a proof that was killed leaves clones, and the next attempt or its undo removes them',
  { skip },
  async () => {
    const { machine, host, folder, to, sql } = await clusterOnDatasets();
    await sql('CREATE TABLE kept AS SELECT generate_series(1, 10) AS i');
    await (await drive(walFolder, { folder, to }, { host })).act();
    const taken = await (
      await drive(zfsSnapshot, { datasets: ['tank/data', 'tank/wal'], name: 'copied' }, { host })
    ).act();
    const [data, wal] = taken.snapshots;
    if (data === undefined || wal === undefined) throw new Error('two snapshots were asked for');
    let left = Number.POSITIVE_INFINITY;
    const dying: typeof host = {
      ...host,
      exec: async (command, options) => {
        if (left <= 0) throw new Error('killed');
        left -= /clone|mount|pg_ctl|ln/.test(command.argv.join(' ')) ? 1 : 0;
        return host.exec(command, options);
      },
    };
    const proof = await drive(postgresSnapshotProof, { data, wal, amcheck: false }, { host: dying });
    for (let effects = 1; ; effects += 1) {
      left = effects;
      const whole = await proof.act().then(
        () => true,
        () => false,
      );
      left = Number.POSITIVE_INFINITY;
      if (whole) break;
      if (effects % 2 === 0) await proof.undo();
      else expect(await proof.act()).toMatchObject({ compared: false, amcheck: 'left out' });
      expect(await machine.zfs('list', '-H', '-o', 'name')).toBe('tank\ntank/data\ntank/wal\n');
      expect(
        await host.exec({ argv: ['sh', '-c', 'pgrep -x -r D,R,S postgres || echo none'] }),
      ).toMatchObject({
        stdout: 'none\n',
      });
    }
  },
);
