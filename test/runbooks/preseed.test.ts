// oxlint-disable no-template-curly-in-string -- what Nix would fill in
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nixString } from '../../runbooks/nixos-module/nix-string.ts';
import { moduleText, secondsOf } from '../../runbooks/preseed/module.ts';
import { params } from '../../runbooks/preseed/params.ts';
import { givenFits, shownOnce } from '../../runbooks/preseed/preflight.ts';
import { params as restoring } from '../../runbooks/restore-missing/params.ts';
import { sourcesOf, wrongTogether } from '../../runbooks/restore-missing/places.ts';
import { temporaryFolder } from '../host/folder.ts';

const skip = spawnSync('nix-instantiate', ['--version']).status !== 0;
if (skip) console.log('the module of a preseed is not evaluated: nix-instantiate is not installed');

/** The value of a Nix expression. */
function evaluate(expression: string): unknown {
  const args = ['--store', 'dummy://', '--eval', '--strict', '--json', '--expr', expression];
  return JSON.parse(execFileSync('nix-instantiate', args, { encoding: 'utf8' }));
}

const given = params.parse({
  service: 'sonarr',
  dataPath: '/persist/sonarr',
  dataset: 'tank/persist/sonarr',
  mustHold: ['config.xml', 'sonarr.db'],
  replica: 'backup-pool/tank-replica/sonarr',
  repository: 'rest:https://nas/${x}/"100%"',
  password: 'file:/run/secrets/restic',
  backupHost: 'forge',
  backupUnits: ['restic-backups-sonarr.service'],
  program: ['/run/node', '/opt/migrate 1/$x/100%/"migrate".js'],
  flake: '/etc/nixos',
});

test(
  'the module gives the unit its place before the service, and its parameters as they were',
  { skip },
  () => {
    const file = join(temporaryFolder(), 'preseed.nix');
    writeFileSync(file, moduleText(given));
    const { environment, systemd } = evaluate(`import ${file} { }`) as {
      environment: { etc: Record<string, { text: string; mode: string }> };
      systemd: { services: Record<string, Record<string, unknown>> };
    };
    const etc = environment.etc['migrate/preseed/sonarr.json'];
    const parsed = restoring.parse(JSON.parse(etc?.text ?? ''));
    expect(parsed).toMatchObject({ repository: given.repository, password: given.password, limit: '1800s' });
    expect(etc?.mode).toBe('0400');
    const unit = 'preseed@sonarr.service';
    expect(systemd.services['sonarr']).toEqual({ requires: [unit], after: [unit] });
    expect(systemd.services['restic-backups-sonarr']).toEqual({
      unitConfig: {
        Requisite: [unit],
        ConditionPathExists: '!/var/lib/migrate-preseed/sonarr.missing',
      },
      after: [unit],
    });
    const { serviceConfig, before, onFailure } = systemd.services['preseed@sonarr'] as {
      serviceConfig: { ExecStart: string; TimeoutStartSec: number };
      before: string[];
      onFailure: string[];
    };
    expect(before).toEqual(['sonarr.service']);
    expect(onFailure).toEqual(['preseed-failed@sonarr.service']);
    expect(serviceConfig.TimeoutStartSec).toBe(1920);
    expect(serviceConfig.ExecStart).toContain(String.raw`"/opt/migrate 1/$$x/100%%/\"migrate\".js"`);
    expect(serviceConfig.ExecStart).toMatch(/run restore-missing --params \S+\/sonarr\.json --or-resume$/);
  },
);

test('whatever a text holds, Nix reads it back', { skip }, () => {
  const texts = fc.sample(
    fc.string({ unit: fc.constantFrom('a', '"', '\\', '$', '{', '}', "'", '\n', ' ', '%') }),
    200,
  );
  expect(evaluate(`[ ${texts.map(nixString).join(' ')} ]`)).toEqual(texts);
});

test('what no unit can use is refused before anything is edited', () => {
  expect(givenFits(given)).toMatchObject({
    verdict: 'PASS',
    observed: 'snapshot, then replica, then restic',
  });
  const environment = { secret: 'env' as const, name: 'RESTIC_PASSWORD' };
  expect(givenFits({ ...given, password: environment })).toMatchObject({ verdict: 'FAIL' });
  expect(givenFits({ ...given, backupHost: undefined })).toMatchObject({ verdict: 'FAIL' });
});

test('sources are asked in the order of what they cost, and never without what they need', () => {
  const all = restoring.parse({
    service: 'a',
    dataPath: '/a',
    mustHold: ['x'],
    dataset: 'tank/a',
    replica: 'backup/a',
    repository: '/r',
    password: 'file:/p',
    s3Repository: 's3:x/y',
    s3Password: 'file:/p',
    backupHost: 'h',
  });
  expect(sourcesOf(all).map(({ kind }) => kind)).toEqual(['snapshot', 'replica', 'restic', 's3']);
  expect(wrongTogether(all)).toBeUndefined();
  expect(wrongTogether({ ...all, password: undefined })).toMatch(/password/);
  expect(wrongTogether({ ...all, dataset: undefined })).toMatch(/dataset/);
  const folder = restoring.parse({ service: 'a', dataPath: '/a', mustHold: ['x'] });
  expect(wrongTogether(folder)).toMatch(/no source/);
  expect([secondsOf('90s'), secondsOf('30m'), secondsOf('2h')]).toEqual([90, 1800, 7200]);
});

test('it is refused for a dataset that a bind mount shows in another place, which would go on to show what was lost', async () => {
  const mounts = (...points: string[]) => ({
    mounts: () => Promise.resolve(points.map((point) => ({ point, source: 'tank/persist/sonarr' })) as never),
  });
  expect(await shownOnce(mounts('/persist/sonarr'), given)).toMatchObject({ verdict: 'PASS' });
  expect(await shownOnce(mounts('/persist/sonarr', '/persist/var/lib/sonarr'), given)).toMatchObject({
    verdict: 'FAIL',
    observed: expect.stringContaining('is shown at /persist/var/lib/sonarr too'),
  });
});
