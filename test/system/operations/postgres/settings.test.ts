import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresSettings } from '../../../../src/operations/postgres/postgres-settings.ts';
import { postgresSettingsInForce } from '../../../../src/operations/postgres/settings-in-force.ts';
import { drive } from '../../../operations/drive.ts';
import { asPostgres, cluster, openFolder, skip, type Cluster, type Finish } from './cluster.ts';

/** With everything that a text may trip over. */
const odd = String.raw`test ! -f '/a\b/%f' && cp "%p" /nowhere/%f # it's`;
const settings = { archive_mode: 'on', archive_command: odd, max_wal_senders: '3', wal_level: 'replica' };

describe.skipIf(skip)('settings of a running server', () => {
  const cleanUps: Parameters<Finish>[0][] = [];
  let live: Cluster;
  const altered = () => readFileSync(join(live.folder, 'postgresql.auto.conf'), 'utf8');
  const given = () => ({ server: live.server, settings });

  beforeAll(async () => {
    const finish: Finish = (cleanUp) => void cleanUps.unshift(cleanUp);
    live = await cluster(openFolder(finish), finish);
    await live.start();
    await live.sql(`ALTER SYSTEM SET archive_command = '/bin/false'`);
    await live.sql('ALTER SYSTEM SET log_min_duration_statement = 5000');
    await live.sql('SELECT pg_reload_conf()');
  });
  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  test('are written to the letter, wait for a restart where they must, and go back to what was there before', async () => {
    const before = altered();
    const step = await drive(postgresSettings, given());
    expect(await step.probe()).toBe('not-started');
    const done = { pendingRestart: ['archive_mode', 'max_wal_senders'] };
    expect(await step.act()).toEqual(done);
    expect(await step.probe()).toEqual({ done });
    // After a crash it may happen twice.
    expect(await step.act()).toEqual(done);
    const inForce = await drive(postgresSettingsInForce, given());
    await expect(inForce.act()).rejects.toMatchObject({
      code: 'postgres.pending-restart',
      message: expect.stringContaining('archive_mode') as string,
    });

    await live.stop();
    await live.start();
    expect(await inForce.act()).toEqual({ inForce: settings });
    expect(await step.probe()).toEqual({ done: { pendingRestart: [] } });

    await step.undo();
    await step.undo();
    expect(await step.probe()).toBe('not-started');
    expect(altered().split('\n').toSorted()).toEqual(before.split('\n').toSorted());
    await live.stop();
    await live.start();
    expect(await live.sql('SHOW archive_mode')).toBe('off');
    expect(await live.sql('SHOW archive_command')).toBe('(disabled)');
    expect(await live.sql('SHOW max_wal_senders')).toBe('10');
    expect(await live.sql('SHOW log_min_duration_statement')).toBe('5s');
  });

  test('are in part there when the power goes in between, and are taken back from there', async () => {
    const before = altered();
    const step = await drive(postgresSettings, given());
    await live.sql('ALTER SYSTEM SET archive_mode = on');
    expect(await step.probe()).toBe('partial');
    // All of them in the file, and the server was not told.
    for (const [name, value] of Object.entries(settings))
      await live.sql(`ALTER SYSTEM SET ${name} = E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`);
    expect(await step.probe()).toBe('partial');
    await step.undo();
    expect(altered()).toBe(before);
    expect(await step.probe()).toBe('not-started');
  });

  test('that the server does not know, or whose value it refuses, are told, and nothing is left', async () => {
    const before = altered();
    const misspelt = drive(postgresSettings, { server: live.server, settings: { archiv_mode: 'on' } });
    await expect(misspelt).rejects.toMatchObject({ code: 'postgres.no-setting' });
    const bad = { server: live.server, settings: { wal_level: 'replica', max_wal_senders: 'many' } };
    const step = await drive(postgresSettings, bad);
    await expect(step.act()).rejects.toMatchObject({
      code: 'postgres.query',
      message: expect.stringContaining('max_wal_senders') as string,
    });
    expect(await step.probe()).toBe('partial');
    await step.undo();
    expect(altered()).toBe(before);
  });

  test('are not taken up where the configuration file is broken, and the line is named', async () => {
    appendFileSync(join(live.folder, 'postgresql.conf'), 'work_mem = lots\n');
    const step = await drive(postgresSettings, given());
    await expect(step.act()).rejects.toMatchObject({
      code: 'postgres.not-taken-up',
      message: expect.stringContaining('work_mem') as string,
    });
    await asPostgres(['sed', '-i', '$d', join(live.folder, 'postgresql.conf')]);
    await step.undo();
    // The server takes what was reset for pending until it starts anew.
    await live.stop();
    await live.start();
  });

  test('that another file sets otherwise are not in force', async () => {
    const inForce = await drive(postgresSettingsInForce, {
      server: live.server,
      settings: { max_wal_senders: '4' },
    });
    await expect(inForce.act()).rejects.toMatchObject({
      code: 'postgres.other-setting',
      message: 'max_wal_senders is 10 and not 4',
    });
  });
});
