import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importEdit } from '../../runbooks/nixos-module/edits.ts';
import { hostEdit, moduleText } from '../../runbooks/zfs-replication/configuration.ts';
import { notifyUnit } from '../../runbooks/zfs-replication/notices.ts';
import { params, type Params } from '../../runbooks/zfs-replication/params.ts';
import { configurationFits } from '../../runbooks/zfs-replication/preflight.ts';
import { fillNotice } from '../../src/runbook/index.ts';
import { thisMachine } from '../../src/host/this-machine.ts';
import { readPage } from '../docs/pages.ts';
import { temporaryFolder } from '../host/folder.ts';

const page = readPage('docs/replication.md');
const example: unknown = JSON.parse(page.blocks.find(({ language }) => language === 'json')?.text ?? '');
const given = (changes: Partial<Params> = {}): Params => ({ ...params.parse(example), ...changes });

describe('the configuration that zfs-replication writes', () => {
  const noNix = spawnSync('nix-instantiate', ['--version']).error !== undefined;
  if (noNix) console.log('what is written is not parsed as Nix: nix-instantiate is not installed');

  it.skipIf(noNix).each([
    ['the module', moduleText],
    ['the host', `{ ... }: {\n  ${hostEdit(given()).to}\n  ];\n}\n`],
    [
      'a host with a unit of an odd name',
      `{ ... }: {\n  ${hostEdit(given({ syncoidUnit: 'syncoid-a.b.service' })).to} ];\n}\n`,
    ],
  ])('is Nix: %s', (_, text) => {
    expect(() =>
      execFileSync('nix-instantiate', ['--parse', '-'], { input: text, stdio: ['pipe', 'ignore', 'pipe'] }),
    ).not.toThrow();
  });

  it('imports the module from where the modules are imported', () => {
    expect(importEdit(given()).to).toBe('imports = [\n    ./replication/zfs.nix');
    expect(importEdit(given({ moduleFile: 'modules/zfs.nix' })).to).toBe(
      'imports = [\n    ./../../../modules/zfs.nix',
    );
  });

  it('names the parent before what it leaves out, and who is told of which unit', () => {
    const text = hostEdit(given()).to;
    expect(text.indexOf('"tank/persist" =')).toBeLessThan(
      text.indexOf('"tank/persist/plex".autosnap = false'),
    );
    expect(text).toContain('onFailure = [ "migrate-syncoid-failure.service" ]');
    const own = given({ notify: 'notify@TEMPLATE:UNIT.service' });
    expect(notifyUnit(own, 'sanoid-failure', 'sanoid.service')).toBe('notify@sanoid-failure:sanoid.service');
    expect(hostEdit(own).to).not.toContain('migrate-sanoid-failure');
  });

  it('tells of failures and of a lag by templates that there are, with all their fields', () => {
    const calls = [...hostEdit(given()).to.matchAll(/ExecStart = "(.*)";/g)].map(([, line = '']) =>
      line.split(' '),
    );
    expect(calls.map(([program]) => program)).toEqual(Array(3).fill('/run/current-system/sw/bin/migrate'));
    for (const words of calls.filter((each) => each.includes('--template'))) {
      const fields = words.filter((_, index) => words[index - 1] === '--set').map((each) => each.split('='));
      const notice = fillNotice(words[words.indexOf('--template') + 1] ?? '', Object.fromEntries(fields));
      expect(notice).toMatchObject({
        priority: 'high',
        body: expect.stringContaining('Dataset: tank/persist'),
      });
    }
    expect(calls.at(-1)?.slice(1, 4)).toEqual(['--no-input', 'run', 'replication-lag']);
  });

  it('is refused before anything is changed where one of its places is not there exactly once', async () => {
    const flake = temporaryFolder();
    const p = given({ flake, hostFile: 'host.nix', modulesFile: 'modules.nix', backupFile: 'backup.nix' });
    const write = (name: string, text: string) => writeFileSync(join(flake, name), text);
    write('host.nix', 'imports = [ ]');
    write('modules.nix', 'imports = [ ]');
    write('backup.nix', p.formerJob);
    expect(await configurationFits(thisMachine(), p)).toMatchObject({ verdict: 'PASS' });
    write('backup.nix', p.formerJob + p.formerJob);
    write('host.nix', 'modules.replication.zfs = { };');
    expect(await configurationFits(thisMachine(), p)).toMatchObject({
      verdict: 'FAIL',
      observed: [
        'host.nix holds "imports = [" 0 times, not once',
        'backup.nix holds "systemd.services.zfs-snapshot = { };" 2 times, not once',
        'host.nix sets modules.replication.zfs already',
      ].join('; '),
    });
  });
});

it('docs/replication.md names parameters of the runbook only', () => {
  const rows = page.text.split('## What it does')[0]?.match(/^\| .* \|/gm) ?? [];
  const named = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, one]) => one),
  );
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((name) => !(`${name}` in params.shape))).toEqual([]);
});
