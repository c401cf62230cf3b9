import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { archiveSettings, pitrModule } from '../../runbooks/postgres-pitr/module.ts';
import { params, type Params } from '../../runbooks/postgres-pitr/params.ts';
import { excluded } from '../../runbooks/postgres-pitr/places.ts';
import { readPage } from '../docs/pages.ts';

const page = readPage('docs/postgres-pitr.md');
const example: unknown = JSON.parse(page.blocks.find(({ language }) => language === 'json')?.text ?? '');
const given = (changes: Partial<Params> = {}): Params => ({ ...params.parse(example), ...changes });
const flags = { version: '3.4.0', gzip: ['--gzip'], names: true, immediateCheckpoint: true };

const noNix = spawnSync('nix-instantiate', ['--version']).error !== undefined;
if (noNix) console.log('what postgres-pitr writes is not evaluated as Nix: nix-instantiate is not installed');

/** The value of an expression over the module, as Nix evaluates it. */
function evaluated(p: Params, path: string): unknown {
  const host = `{ imports = [${pitrModule(p, flags)}\n  ]; }`;
  const expression = `(builtins.head (${host}).imports).${path}`;
  const argv = ['--eval', '--strict', '--json', '--expr', expression];
  return JSON.parse(
    execFileSync('nix-instantiate', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

describe.skipIf(noNix)('the module of postgres-pitr, as Nix reads it', () => {
  it('sets the server exactly as it is proven afterwards', () => {
    const p = given({ credentials: `/run/it's \${odd}`, endpoint: 'http://127.0.0.1:9000' });
    const settings = evaluated(p, 'services.postgresql.settings') as Record<string, unknown>;
    expect(
      Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    ).toEqual(archiveSettings(p, flags));
  });

  it('makes a base backup each day as the server’s user, compressed, and names who is told of a failure', () => {
    const p = given({ onFailure: 'notify@postgres:UNIT.service' });
    expect(evaluated(p, 'systemd.services.postgres-base-backup')).toMatchObject({
      onFailure: ['notify@postgres:postgres-base-backup.service'],
      serviceConfig: { Type: 'oneshot', User: 'postgres' },
      environment: { AWS_SHARED_CREDENTIALS_FILE: '/run/secrets/pg-s3' },
      script:
        '/run/current-system/sw/bin/barman-cloud-backup --gzip --immediate-checkpoint -h /run/postgresql -p 5432 -U postgres s3://homelab-postgres/forge pg-main',
    });
    expect(evaluated(p, 'systemd.timers.postgres-base-backup.timerConfig')).toEqual({
      OnCalendar: 'daily',
      Persistent: true,
    });
  });

  it('watches archiving with a script that a shell can read', () => {
    const script = evaluated(given(), 'systemd.services.postgres-archive-watch.script') as string;
    expect(() =>
      execFileSync('sh', ['-n'], { input: script, stdio: ['pipe', 'ignore', 'pipe'] }),
    ).not.toThrow();
    expect(script).toContain('pg_stat_archiver');
  });

  it('tells of a failure by migrate itself where nobody else does, and of archiving not every five minutes', () => {
    const units = evaluated(given(), 'systemd.services') as Record<string, Record<string, unknown>>;
    for (const name of ['postgres-base-backup', 'postgres-archive-watch']) {
      expect(units[name]?.['onFailure']).toEqual([`${name}-failed.service`]);
      const script = String(units[`${name}-failed`]?.['script']);
      expect(script).toContain(
        `/run/current-system/sw/bin/migrate notify send --template unit-failure --set unit=${name}.service`,
      );
      execFileSync('sh', ['-n'], { input: script, stdio: ['pipe', 'ignore', 'pipe'] });
    }
    expect(units['postgres-archive-watch-failed']?.['script']).toMatch(/-mmin -360/);
    const other = given({ onFailure: 'notify@postgres.service' });
    expect(pitrModule(other, flags)).not.toContain('-failed');
  });

  it('leaves the settings out where ALTER SYSTEM makes them', () => {
    expect(pitrModule(given({ settingsBy: 'alter-system' }), flags)).not.toContain('services.postgresql');
  });
});

it('what leaves the general backup is the two folders', () => {
  expect(excluded(given())).toEqual(['/persist/postgres-data/**', '/persist/postgres-wal/**']);
});
