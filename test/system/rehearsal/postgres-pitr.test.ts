import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { readEvents } from '../../../src/journal/read.ts';
import { rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';

const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/dev/fuse', '/usr/sbin/zfs-fuse', '/usr/bin/barman-cloud-backup', '/usr/lib/postgresql/15'].find(
        (path) => !existsSync(path),
      );
if (obstacle !== undefined) console.log(`rehearsals of point-in-time recovery are skipped: ${obstacle}`);

const { runbook } = await loadRunbook('postgres-pitr');
const plan = runbook.rehearsal as RehearsalPlan;

interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
  readonly sql: (statement: string) => Promise<string>;
  goOnto(options?: { until?: string; crash?: string; params?: Record<string, Json> }): Promise<void>;
  goBack(options?: { crash?: string }): Promise<void>;
}

function placesIn(crash: string | undefined): number {
  return crash === undefined ? 0 : crash.split(',').length;
}

async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'postgres-pitr-'));
  try {
    await using world = await buildWorld(plan, { parent });
    const said: string[] = [];
    const onOutput = (text: string) => void said.push(text);
    const sh = async (script: string) => (await world.run(['sh', '-c', script])).stdout.trim();
    await work({
      world,
      sh,
      sql: (statement) =>
        sh(
          `cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- psql -XAtq -h /run/postgresql -d postgres -c "${statement}"`,
        ),
      goOnto: async ({ params, ...options } = {}) => {
        const given = { ...(plan.params as Record<string, Json>), ...params };
        const report = await rehearse(world, {
          runbook: 'postgres-pitr',
          params: given,
          onOutput,
          ...options,
        });
        expect(report.outcome, said.join('')).toBe('done');
        expect(report.crashes).toBe(placesIn(options.crash));
      },
      goBack: async (options = {}) => {
        const report = await rehearseRollback(world, { onOutput, ...options });
        expect(report.outcome, said.join('')).toBe('done');
        expect(report.state?.status).toBe('rolled-back');
        expect(report.crashes).toBe(placesIn(options.crash));
      },
    });
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

/** What a rollback must leave as it was. */
const look = async ({ sh, sql }: Stage) => ({
  configuration: await sh(
    String.raw`cd /home/admin/nix-config && find . -printf '%p %y %m %U:%G\n' | sort && find . -type f -exec sha256sum {} + | sort`,
  ),
  units: await sh('systemctl list-units --no-legend'),
  system: await sh('readlink -f /run/current-system'),
  settings: await sql(
    `SELECT name, setting, pending_restart FROM pg_settings WHERE name ~ '^(archive|wal_level|max_wal)' AND name <> 'archive_timeout' ORDER BY name`,
  ),
  altered: await sh('cat /persist/var/lib/postgresql/postgresql.auto.conf'),
  schemas: await sql('SELECT nspname FROM pg_namespace ORDER BY nspname'),
  scratch: await sh('ls -A /var/tmp'),
});

/** Steps in the order in which they were undone. */
async function undone({ sh }: Stage): Promise<readonly string[]> {
  const journal = await sh('cat /var/lib/migrate/runs/*/journal.jsonl');
  const { events } = readEvents(Buffer.from(`${journal}\n`), 'the journal');
  return events.flatMap((event) => (event.type === 'undo.completed' ? [event.step] : []));
}

/** How many WAL files there are after much was written: where archiving is dead, all of it. */
async function walAfterWriting({ sh, sql }: Stage): Promise<number> {
  for (let turn = 0; turn < 8; turn += 1) {
    await sql('CREATE TABLE much AS SELECT 1; DROP TABLE much; SELECT pg_switch_wal();');
    await sql('CHECKPOINT');
  }
  return Number(await sh('ls /persist/var/lib/postgresql/pg_wal | grep -c "^[0-9A-F]*$"'));
}

// Beside each other, since each has a world to itself.
describe.skipIf(obstacle !== undefined).concurrent('postgres-pitr in its world', () => {
  it('is killed in its most dangerous steps and comes to its end, and is taken back from there, killed once more', () =>
    onStage(async (stage) => {
      const before = await look(stage);
      await stage.goOnto({
        crash: 'before-checkpoint:rebuild,mid-act:base-backup,mid-act:proof',
      });
      const { scratch, schemas } = await look(stage);
      expect({ scratch, schemas }).toEqual({ scratch: before.scratch, schemas: before.schemas });
      expect(await stage.sql('SELECT failed_count FROM pg_stat_archiver')).toBe('0');
      await stage.goBack({ crash: 'mid-undo:rebuild' });
      expect(await look(stage)).toEqual(before);
      const order = ['rebuild-excludes', 'exclude', 'rebuild', 'configuration', 'archiving-before'];
      expect((await undone(stage)).filter((step) => order.includes(step))).toEqual(order);
    }));

  it('is taken back from its middle while nothing can be archived, which is told once, and no WAL piles up afterwards', () =>
    onStage(async (stage) => {
      const { sh, sql } = stage;
      const before = await look(stage);
      await stage.goOnto({
        params: { settingsBy: 'alter-system' },
        until: 'arrives',
        crash: 'after-intent:settings,before-checkpoint:settings',
      });
      expect(before.altered).not.toBe((await look(stage)).altered);
      await sh('echo "[default]" >/etc/pg-s3');
      await sql('CREATE TABLE waits AS SELECT 1; DROP TABLE waits; SELECT pg_switch_wal();');
      await expect
        .poll(() => sql('SELECT failed_count > 0 FROM pg_stat_archiver'), { timeout: 120_000, interval: 500 })
        .toBe('t');
      // Twice, as its timer would.
      await sh('systemctl start postgres-archive-watch; systemctl start postgres-archive-watch; true');
      expect(await sh('cat /var/log/notices')).toMatch(
        /^notify send --template unit-failure --set unit=postgres-archive-watch.service --set errorMessage=.*$/,
      );

      await stage.goBack({ crash: 'before-undo-record:archiving-before' });
      expect(await look(stage)).toEqual(before);
      const order = ['rebuild', 'configuration', 'settings', 'archiving-before'];
      expect((await undone(stage)).filter((step) => order.includes(step))).toEqual(order);
      expect(await walAfterWriting(stage)).toBeLessThan(8);
    }));
});
