import { existsSync, readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { archiver, archiveFailures } from '../../../../src/operations/postgres/archiver.ts';
import { archiveCommand, readBarmanFlags } from '../../../../src/operations/postgres/barman.ts';
import { barmanArchiveReady } from '../../../../src/operations/postgres/barman-archive-ready.ts';
import { barmanBackup } from '../../../../src/operations/postgres/barman-backup.ts';
import { barmanBackups } from '../../../../src/operations/postgres/barman-backups.ts';
import { postgresControl } from '../../../../src/operations/postgres/control-data.ts';
import { postgresPitrProof } from '../../../../src/operations/postgres/pitr-proof.ts';
import { postgresSettings } from '../../../../src/operations/postgres/postgres-settings.ts';
import { postgresSettingsInForce } from '../../../../src/operations/postgres/settings-in-force.ts';
import { walArrives } from '../../../../src/operations/postgres/wal-arrives.ts';
import { thisMachine } from '../../../../src/host/this-machine.ts';
import { drive } from '../../../operations/drive.ts';
import { bucket } from './bucket.ts';
import { cluster, openFolder, skip } from './cluster.ts';

const host = thisMachine();

test(
  'a cluster is archived, backed up and restored to a moment, and the scratch cluster leaves nothing',
  { skip },
  async () => {
    const root = openFolder();
    const store = await bucket(root);
    const { archive } = store;
    const live = await cluster(root, { checksums: true });
    await live.start();
    const { systemIdentifier } = await postgresControl(host, { folder: live.folder, user: 'postgres' });
    const { server } = live;
    const ready = await drive(barmanArchiveReady, { archive, systemIdentifier });
    expect(await ready.act()).toEqual({ empty: true, backups: 0 });

    const flags = await readBarmanFlags(host, archive);
    const settings = {
      archive_mode: 'on',
      archive_command: archiveCommand(archive, flags),
      wal_level: 'replica',
      max_wal_senders: '3',
    };
    const change = await drive(postgresSettings, { server, settings });
    expect(await change.probe()).toBe('not-started');
    const changed = await change.act();
    expect(changed.pendingRestart.toSorted()).toEqual(['archive_mode', 'max_wal_senders']);
    expect(await change.probe()).toEqual({ done: changed });
    const inForce = await drive(postgresSettingsInForce, { server, settings });
    await expect(inForce.act()).rejects.toMatchObject({ code: 'postgres.pending-restart' });
    await live.stop();
    await live.start();
    expect((await inForce.act()).inForce).toEqual(settings);

    const arrives = await (
      await drive(walArrives, { server, archive, systemIdentifier, within: '60s' })
    ).act();
    expect(await archiver(host, server)).toMatchObject({ failed: 0, failing: false });

    const backup = await drive(barmanBackup, { server, archive, systemIdentifier });
    expect(await backup.probe()).toBe('not-started');
    const made = await backup.act();
    expect(await backup.probe()).toEqual({ done: made });
    expect(await barmanBackups(host, archive)).toMatchObject([
      { id: made.id, name: backup.captured.name, done: true, systemIdentifier },
    ]);

    const proof = await drive(postgresPitrProof, {
      server,
      archive,
      systemIdentifier,
      backup: made.id,
      scratch: root,
      port: 54_329,
    });
    expect(await proof.act()).toMatchObject({ rows: 1000, checksums: 'sound', proven: true });
    expect(readdirSync(root)).not.toContain('pitr-test-20260101-abcd');
    expect(await live.sql(`SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'migrate%'`)).toBe('0');
    await proof.undo();

    // The archive holds this cluster now, and is another's for nobody.
    const again = (more: object) => drive(barmanArchiveReady, { archive, systemIdentifier, ...more });
    await expect((await again({})).act()).rejects.toMatchObject({ code: 'barman.not-empty' });
    expect(await (await again({ continue: true })).act()).toEqual({ empty: false, backups: 1 });
    await expect((await again({ continue: true, systemIdentifier: '42' })).act()).rejects.toMatchObject({
      code: 'barman.other-cluster',
      message: expect.stringContaining(systemIdentifier) as string,
    });

    await store.stop();
    const before = await archiver(host, server);
    await live.sql('CREATE TABLE later AS SELECT 1; SELECT pg_switch_wal()');
    await vi.waitUntil(async () => (await archiver(host, server)).failed > 0, {
      timeout: 20_000,
      interval: 500,
    });
    expect((await archiveFailures(host, { server, since: before })).value).toBeGreaterThan(0);
    await expect((await again({})).act()).rejects.toMatchObject({ code: 'barman.unreachable' });
    await store.startAgain();
    const after = await drive(walArrives, { server, archive, systemIdentifier, within: '90s' });
    expect((await after.act()).wal > arrives.wal).toBe(true);
    expect(await archiver(host, server)).toMatchObject({ failing: false, waiting: 0 });

    await change.undo();
    expect(await change.probe()).toBe('not-started');
    expect(existsSync(`${root}/pitr-test-20260101-abcd`)).toBe(false);
  },
);
