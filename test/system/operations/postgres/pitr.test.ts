import { mkdirSync, readdirSync } from 'node:fs';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { StepError } from '../../../../src/errors.ts';
import { thisMachine } from '../../../../src/host/this-machine.ts';
import { archiveFailures, checkOf, probeOf, walWaiting } from '../../../../src/operations/index.ts';
import { archiver } from '../../../../src/operations/postgres/archiver.ts';
import {
  archiveCommand,
  readBarmanFlags,
  type BarmanArchive,
} from '../../../../src/operations/postgres/barman.ts';
import { barmanArchiveReady } from '../../../../src/operations/postgres/barman-archive-ready.ts';
import { barmanBackup } from '../../../../src/operations/postgres/barman-backup.ts';
import { barmanBackups } from '../../../../src/operations/postgres/barman-backups.ts';
import { postgresControl } from '../../../../src/operations/postgres/control-data.ts';
import { postgresPitrProof } from '../../../../src/operations/postgres/pitr-proof.ts';
import { serverTime } from '../../../../src/operations/postgres/pitr-rows.ts';
import { clearScratch, restoreToTime } from '../../../../src/operations/postgres/scratch-cluster.ts';
import { liveFacts } from '../../../../src/operations/postgres/scratch-settings.ts';
import { walArrives } from '../../../../src/operations/postgres/wal-arrives.ts';
import { drive } from '../../../operations/drive.ts';
import { bucket, type Bucket } from './bucket.ts';
import { asPostgres, cluster, openFolder, skip, type Cluster, type Finish } from './cluster.ts';

const host = thisMachine();

describe.skipIf(skip)('a cluster that is archived', () => {
  const cleanUps: Parameters<Finish>[0][] = [];
  const finish: Finish = (cleanUp) => void cleanUps.unshift(cleanUp);
  let root: string;
  let store: Bucket;
  let archive: BarmanArchive;
  let live: Cluster;
  let systemIdentifier: string;
  let backup: string;
  let firstWal: string;

  const identified = () => ({ server: live.server, archive, systemIdentifier });
  const ready = async (more: object) =>
    (await drive(barmanArchiveReady, { archive, systemIdentifier, ...more })).act();

  // The others go on from here.
  test('is known by its WAL, and by its base backups', async () => {
    root = openFolder(finish);
    store = await bucket(root, finish);
    ({ archive } = store);
    const command = archiveCommand(archive, await readBarmanFlags(host, archive));
    live = await cluster(root, finish, {
      checksums: true,
      settings: `archive_mode = on\nmax_wal_senders = 3\narchive_command = '${command}'`,
    });
    ({ systemIdentifier } = await postgresControl(host, { folder: live.folder, user: 'postgres' }));
    expect(await ready({})).toEqual({ empty: true, backups: 0 });
    await live.start();
    const arrived = await (await drive(walArrives, { ...identified(), within: '60s' })).act();
    firstWal = arrived.wal;
    expect(await archiver(host, live.server)).toMatchObject({ failed: 0, failing: false });
    // WAL without a base backup: only a file that this cluster is known to have archived tells whose it is.
    await expect(ready({ continue: true })).rejects.toMatchObject({ code: 'barman.unknown-owner' });
    const mine = { continue: true, lastArchived: firstWal };
    expect(await ready(mine)).toEqual({ empty: false, backups: 0 });
    await expect(ready({ ...mine, systemIdentifier: '42' })).rejects.toMatchObject({
      code: 'barman.other-cluster',
    });
    const step = await drive(barmanBackup, identified());
    expect(await step.probe()).toBe('not-started');
    const made = await step.act();
    expect(await step.probe()).toEqual({ done: made });
    backup = made.id;
    expect(await barmanBackups(host, archive)).toMatchObject([
      { id: backup, name: step.captured.name, done: true, systemIdentifier },
    ]);
  });
  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  test('is restored to a moment under load: every row of then, no transaction in half, and nothing is left', async () => {
    await live.sql('CREATE TABLE unlogged_too AS SELECT 1');
    await live.sql('ALTER TABLE unlogged_too SET UNLOGGED');
    await asPostgres(['pgbench', '-h', live.server.socket, '-i', '-q', '-s', '1', 'postgres']);
    const load = asPostgres([
      'pgbench',
      '-h',
      live.server.socket,
      '-c',
      '2',
      '-T',
      '60',
      '-R',
      '200',
      'postgres',
    ]);
    const ended = load.catch(() => undefined);
    onTestFinished(async () => {
      load.kill('SIGINT');
      await ended;
    });
    // What ALTER SYSTEM sets comes with a base backup; a scratch cluster that obeyed would not start.
    const proof = await drive(postgresPitrProof, {
      ...identified(),
      backup,
      scratch: root,
      port: 54_329,
      rows: 500,
    });
    expect(await proof.act()).toMatchObject({ backup, rows: 500, checksums: 'sound', proven: true });
    expect(readdirSync(root).filter((name) => name.startsWith('pitr-'))).toEqual([]);
    expect(await live.sql(`SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'migrate%'`)).toBe('0');
    await proof.undo();
    await proof.undo();
  });

  test('is restored with the balance of its transactions at any moment', async () => {
    await asPostgres(['pgbench', '-h', live.server.socket, '-i', '-q', '-s', '1', 'postgres']);
    await asPostgres(['pgbench', '-h', live.server.socket, '-c', '2', '-t', '100', 'postgres']);
    const target = await serverTime(host, live.server);
    const sums = `SELECT (SELECT count(*) FROM pgbench_history) || ' ' || (SELECT sum(delta) FROM pgbench_history)
      || ' ' || (SELECT sum(abalance) FROM pgbench_accounts) || ' ' || (SELECT sum(bbalance) FROM pgbench_branches)`;
    const then = await live.sql(sums);
    await asPostgres(['pgbench', '-h', live.server.socket, '-c', '2', '-t', '100', 'postgres']);
    await (await drive(walArrives, { ...identified(), within: '60s' })).act();
    const restored = await restore('balance', target);
    const now = await asPostgres([
      'psql',
      '-X',
      '-At',
      '-h',
      restored.socket,
      '-p',
      String(restored.port),
      '-d',
      'postgres',
      '-c',
      sums,
    ]);
    expect(now.stdout).toBe(then);
  });

  /** Restores beside, and clears away at the end of the test. */
  async function restore(name: string, target: string, parent = root) {
    const scratch = {
      folder: `${parent}/${name}`,
      user: 'postgres',
      port: 54_330,
      programs: '/usr/lib/postgresql/15/bin',
    };
    const context = { host, exec: host.exec.bind(host), progress: () => undefined };
    onTestFinished(() => clearScratch(context, scratch));
    return restoreToTime(context, scratch, archive, {
      backup,
      target,
      live: await liveFacts(host, live.server),
      withinMs: 60_000,
    });
  }

  test('cannot be restored to a time before the backup, or after the last WAL, and is told which', async () => {
    await expect(restore('before', '2020-01-01 00:00:00+00')).rejects.toMatchObject({
      code: 'postgres.target-before-backup',
    });
    await expect(restore('after', '2100-01-01 00:00:00+00')).rejects.toMatchObject({
      code: 'postgres.target-after-archive',
    });
  });

  test('says that the scratch folder is full, before it begins and when it becomes so', async () => {
    const small = `${root}/small`;
    mkdirSync(small);
    await host.exec({ argv: ['mount', '-t', 'tmpfs', '-o', 'size=12m,mode=755', 'tmpfs', small] });
    onTestFinished(async () => void (await host.exec({ argv: ['umount', '--lazy', small] })));
    const proof = await drive(postgresPitrProof, { ...identified(), backup, scratch: small, port: 54_329 });
    await expect(proof.act()).rejects.toMatchObject({ code: 'postgres.scratch-room' });
    await expect(restore('full', await serverTime(host, live.server), small)).rejects.toMatchObject({
      code: 'postgres.scratch-full',
    });
  });

  test('is told why an archive does not serve', async () => {
    await expect(ready({})).rejects.toMatchObject({
      code: 'barman.not-empty',
      hint: expect.stringContaining('another server name') as string,
    });
    expect(await ready({ continue: true })).toEqual({ empty: false, backups: 1 });
    await expect(ready({ continue: true, systemIdentifier: '42' })).rejects.toMatchObject({
      code: 'barman.other-cluster',
      message: expect.stringContaining(systemIdentifier) as string,
    });
    const other = (change: object) => ready({ archive: { ...archive, ...change } });
    await expect(other({ destination: 's3://absent/pg' })).rejects.toMatchObject({
      code: 'barman.no-bucket',
    });
    await expect(other(store.wrongKey)).rejects.toMatchObject({ code: 'barman.refused' });
    await expect(other({ profile: 'none' })).rejects.toMatchObject({ code: 'barman.no-credentials' });
    await expect(other({ credentials: `${root}/absent` })).rejects.toMatchObject({
      code: 'barman.credentials-file',
    });
    expect(await other({ name: 'pg-second' })).toEqual({ empty: true, backups: 0 });
  });

  test('keeps its WAL while the store is down, says so, and archives all of it afterwards', async () => {
    const before = await archiver(host, live.server);
    await store.stop();
    await live.sql('CREATE TABLE later AS SELECT 1');
    const step = await drive(walArrives, { ...identified(), within: '1ms' });
    await expect(step.act()).rejects.toMatchObject({ code: 'barman.unreachable' });
    await vi.waitUntil(async () => (await archiver(host, live.server)).failing, {
      timeout: 20_000,
      interval: 300,
    });
    const { server } = live;
    const asking = { host, signal: new AbortController().signal } as never;
    const failures = archiveFailures({ server });
    expect(await checkOf(failures).run(asking)).toMatchObject({
      verdict: expect.stringMatching(/PARTIAL|FAIL/) as string,
      observed: expect.stringMatching(/^\d+ failures: fails at [0-9A-F]{24}; \d+ WAL files wait/) as string,
    });
    expect(await probeOf(failures, { from: 'warning' }).check(asking)).toMatch(/^(warning|critical): /);
    const waiting = walWaiting({ server }, { unit: 'WAL files', critical: 0 });
    expect(await probeOf(waiting).check(asking)).toMatch(/^critical: \d+ WAL files: .* has failed$/);
    await store.startAgain();
    const after = await (await drive(walArrives, { ...identified(), within: '90s' })).act();
    expect(after.wal > firstWal).toBe(true);
    expect(await archiver(host, live.server)).toMatchObject({ failing: false, waiting: 0 });
    // What has recovered is well, unless one asks since when.
    expect(await checkOf(failures).run(asking)).toMatchObject({ verdict: 'PASS' });
    expect(await probeOf(waiting).check(asking)).toBe(true);
    const since = archiveFailures({ server, since: before }, { unit: 'failures', critical: 0 });
    expect(await checkOf(since).run(asking)).toMatchObject({ verdict: 'FAIL' });
  });

  test('errors of its questions name the way out', async () => {
    const gone = { ...identified(), server: { socket: `${root}/nowhere` } };
    const step = drive(postgresPitrProof, { ...gone, backup, scratch: root, port: 54_329 });
    await expect(step).rejects.toBeInstanceOf(StepError);
    await expect(step).rejects.toMatchObject({ code: 'postgres.no-answer' });
  });
});
