import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { noPools, poolMachine } from '../zfs/pool.ts';

const migrate = resolve(import.meta.dirname, '../../../../src/cli/migrate.ts');

test(
  'a drill loses a copy, brings it back from each source of ZFS, and leaves the live data and the pools as they were',
  { skip: noPools !== false },
  async () => {
    const machine = await poolMachine();
    await machine.pool('tank');
    await machine.pool('backup');
    const path = join(machine.folder, 'sonarr');
    const bash = async (script: string) =>
      (await machine.host.exec({ argv: ['bash', '-ec', `set -o pipefail; ${script}`, path] })).stdout;
    await machine.zfs('create', '-o', `mountpoint=${path}`, 'tank/sonarr');
    await bash(
      'cd "$0"; echo "<Config/>" > config.xml; sqlite3 sonarr.db "CREATE TABLE e (id); INSERT INTO e VALUES (1), (2)"; sync',
    );
    await bash('zfs snapshot tank/sonarr@daily; zfs send tank/sonarr@daily | zfs receive -u backup/sonarr');
    const look = () => bash('zfs list -H -r -t all -o name; ls -A "$0" "$(dirname "$0")"; cat "$0"/*.xml');
    const before = await look();
    const root = mkdtempSync('/var/tmp/migrate-drill-');
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const file = join(root, 'sonarr.json');
    const params = {
      service: 'sonarr',
      dataPath: path,
      dataset: 'tank/sonarr',
      mustHold: ['config.xml', 'sonarr.db'],
      sqlite: ['sonarr.db'],
      replica: 'backup/sonarr',
    };
    writeFileSync(file, JSON.stringify(params));
    for (const source of ['snapshot', 'replica']) {
      const [program, ...args] = machine.enter();
      const words = ['--no-input', '--state-dir', join(root, 'state'), 'run', 'preseed-drill'];
      const { status, stdout, stderr } = spawnSync(
        program,
        [...args, process.execPath, migrate, ...words, '--params', file, '--set', `source=${source}`],
        { encoding: 'utf8', env: { ...process.env, MIGRATE_CLAIMS_DIR: join(root, 'claims') } },
      );
      expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('every file equals');
      expect(await look()).toBe(before);
    }
  },
);
