import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import { checkDocument, type CheckDocument } from '../../../src/render/documents/check.ts';
import type { RehearsalPlan } from '../../../src/runbook/index.ts';

const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/dev/fuse', '/usr/sbin/zfs-fuse'].find((path) => !existsSync(path));
if (obstacle !== undefined) console.log(`the health of a service in its world is skipped: ${obstacle}`);

const migrate = [process.execPath, resolve(import.meta.dirname, '../../../src/cli/migrate.ts')] as const;
const services = '/home/admin/nix-config/hosts/_modules/nixos/services/sonarr/default.nix';

/** As a move leaves it, without the hour that a move takes. */
const moved = `set -e
systemctl stop sonarr
zfs create -o recordsize=16K -o compression=on -o com.sun:auto-snapshot=true -o mountpoint=/persist/sonarr tank/persist/sonarr
cp -a /persist/var/lib/sonarr/. /persist/sonarr/
chown --reference=/persist/var/lib/sonarr /persist/sonarr
sed -i 's|/persist/var/lib/sonarr|/persist/sonarr|g' ${services}
nixos-rebuild switch --flake /home/admin/nix-config#forge
systemctl restart sonarr
systemctl start restic-backups-sonarr
zfs snapshot tank/persist/sonarr@autosnap_1
zfs send tank/persist/sonarr@autosnap_1 | zfs receive rpool/replica
n=0; until curl -fs http://127.0.0.1:8989/; do n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep 0.1; done`;

const given = {
  repository: '/mnt/nas/restic',
  password: 'file:/etc/restic/nas-primary.password',
  // zfs-fuse has no lz4.
  substitute: '{"compression=lz4":"on"}',
};

describe.skipIf(obstacle !== undefined)('the health of a service on a machine with real pools', () => {
  let parent: string;
  let world: World;

  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'service-health-'));
    const { runbook } = await loadRunbook('sonarr');
    world = await buildWorld(runbook.rehearsal as RehearsalPlan, { parent });
    const { exitCode, stdout, stderr } = await world.run(['sh', '-c', moved]);
    if (exitCode !== 0) throw new Error(stdout + stderr);
  });
  afterAll(async () => {
    await world.destroy();
    const left = readdirSync(parent);
    rmSync(parent, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`the world has left ${left.join(', ')}`);
  });

  const sh = async (script: string) => world.run(['sh', '-c', script]);
  async function check(runbook: string, params: Readonly<Record<string, string>>) {
    const set = Object.entries(params).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const argv = [...migrate, 'check', runbook, '--json', ...set] as [string, ...string[]];
    const { stdout, exitCode } = await world.run(argv);
    return { exitCode, document: checkDocument.parse(JSON.parse(stdout)) };
  }
  const verdicts = ({ checks }: CheckDocument) =>
    Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]));
  const said = ({ checks }: CheckDocument, id: string) => {
    const { observed, unblock } = checks.find((each) => each.id === id) ?? {};
    return [observed, unblock].filter(Boolean).join('\n');
  };

  it('is asked whole by migrate check, and what is not installed is BLOCKED with what would unblock it', async () => {
    const { exitCode, document } = await check('sonarr', { ...given, flake: '/home/admin/nix-config' });
    expect(verdicts(document), JSON.stringify(document.checks)).toEqual({
      units: 'PASS',
      answers: 'PASS',
      databases: 'PASS',
      journal: 'PASS',
      'pool-capacity': 'PASS',
      'pool-errors': 'PASS',
      // Never scrubbed.
      'pool-scrub': 'FAIL',
      'mounted-sonarr': 'PASS',
      'capacity-sonarr': 'PASS',
      'properties-sonarr': 'PASS',
      'snapshot-age-sonarr': 'PASS',
      'snapshots-sonarr': 'PASS',
      'replication-sonarr': 'PASS',
      'backup-age': 'PASS',
      'backup-success': 'PASS',
      'restore-test': 'PASS',
      'preseed-failures': 'BLOCKED',
      'preseed-frequency': 'BLOCKED',
      'starts-after-preseed': 'BLOCKED',
    });
    expect(exitCode).toBe(1);
    expect(said(document, 'replication-sonarr')).toContain(
      'rpool/replica has tank/persist/sonarr@autosnap_1',
    );
    expect(said(document, 'preseed-failures')).toContain('Install it: migrate run preseed');
  });

  it('is accepted by ten checks, of which those of preseed and notices say what is missing', async () => {
    const { document } = await check('service-acceptance', { ...given, service: 'sonarr' });
    expect(verdicts(document), JSON.stringify(document.checks)).toEqual({
      dataset: 'PASS',
      properties: 'PASS',
      starts: 'PASS',
      data: 'PASS',
      backup: 'PASS',
      restore: 'PASS',
      preseed: 'BLOCKED',
      notifications: 'FAIL',
      journal: 'PASS',
      performance: 'PASS',
    });
    expect(said(document, 'restore')).toMatch(/^\d+ files \(\d+ bytes\) of the snapshot/);
  });

  it('is accepted for the machine by eight checks', async () => {
    const { document } = await check('system-acceptance', {
      monitoring: 'http://localhost:8989',
      flake: '/home/admin/nix-config',
      documentation: '["flake.nix"]',
      persisted: '["/persist/var/lib/sonarr"]',
    });
    expect(verdicts(document), JSON.stringify(document.checks)).toEqual({
      boot: 'PASS',
      impermanence: 'PASS',
      backups: 'PASS',
      // It answers, and is no Prometheus.
      monitoring: 'PARTIAL',
      'disk-usage': 'PASS',
      scrub: 'FAIL',
      replication: 'PASS',
      documentation: 'PARTIAL',
    });
  });

  it('is bad where it is: stopped, shadowed, denied, changed, damaged, without backup', async () => {
    await sh(`systemctl stop sonarr; zfs set atime=off tank/persist/sonarr; zfs set recordsize=8K tank/persist/sonarr
      chmod 000 /persist/sonarr/config.xml; zfs umount tank/persist/sonarr
      mkdir -p /persist/sonarr; printf 'no database at all' >/persist/sonarr/sonarr.db
      rm -rf /mnt/nas/restic/snapshots/*`);
    const { document } = await check('service-acceptance', { ...given, service: 'sonarr' });
    expect(verdicts(document), JSON.stringify(document.checks)).toMatchObject({
      dataset: 'FAIL',
      properties: 'FAIL',
      starts: 'FAIL',
      data: 'FAIL',
      backup: 'FAIL',
      restore: 'FAIL',
    });
    expect(said(document, 'dataset')).toContain('at /persist/sonarr nothing is mounted');
    await sh('zpool export tank');
    const away = await check('sonarr', { ...given, flake: '/home/admin/nix-config' });
    expect(verdicts(away.document)).toMatchObject({
      'pool-capacity': 'BLOCKED',
      units: 'FAIL',
      answers: 'FAIL',
    });
  });
});
