// oxlint-disable no-template-curly-in-string -- what a shell would fill in
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hostEdit, moduleText, probeEdit } from '../../runbooks/storage-datasets/module.ts';
import { params } from '../../runbooks/storage-datasets/params.ts';
import { compareUnits } from '../../runbooks/storage-datasets/units.ts';
import { temporaryFolder } from '../host/folder.ts';

const skip = spawnSync('nix-instantiate', ['--version']).status !== 0;
if (skip) console.log('the module of storage-datasets is not evaluated: nix-instantiate is not installed');
const given = params.parse({ flake: '/etc/nixos' });

/** As much of nixpkgs' lib as the module uses, in Nix itself; options come to nothing here. */
const lib = `rec {
  inherit (builtins) attrNames attrValues all elem concatStringsSep;
  mkIf = condition: content: if condition then content else { };
  mkEnableOption = _: { }; mkOption = _: { };
  types = { str = null; attrsOf = _: null; nullOr = _: null; submodule = _: null; };
  optionalAttrs = condition: set: if condition then set else { };
  mapAttrsToList = f: set: map (name: f name set.\${name}) (attrNames set);
  escapeShellArgs = concatStringsSep " ";
}`;

function moduleWith(services: string): { readonly script: string; readonly [key: string]: unknown } {
  const file = join(temporaryFolder(), 'datasets.nix');
  writeFileSync(file, moduleText);
  const config = `{ boot.zfs.package = "zfs"; modules.storage.datasets = {
    enable = true; parentDataset = "tank/persist"; parentMount = "/persist"; services = { ${services} }; }; }`;
  const expression = `(import ${file} { config = ${config}; lib = ${lib}; pkgs = { }; }).config`;
  const args = ['--store', 'dummy://', '--eval', '--strict', '--json', '--expr', expression];
  const read = JSON.parse(execFileSync('nix-instantiate', args, { encoding: 'utf8' })) as {
    readonly assertions: readonly { readonly assertion: boolean; readonly message: string }[];
    readonly systemd: { readonly services: Record<string, { readonly script: string }> };
  };
  return { assertions: read.assertions, script: '', ...read.systemd.services['zfs-service-datasets'] };
}

describe.skipIf(skip)('the module that storage-datasets writes, read by Nix', () => {
  test('makes nothing while no service is declared, behind the import and before what lives there', () => {
    const { script, ...unit } = moduleWith('');
    expect(script.split('if [ -n "$failed" ]')[0]?.trimEnd().endsWith('}')).toBe(true);
    expect(unit).toMatchObject({
      after: ['zfs-import.target', 'zfs-import.service', 'zfs-mount.service'],
      before: ['local-fs.target'],
      wantedBy: ['sysinit.target'],
      unitConfig: { DefaultDependencies: false },
      path: ['zfs'],
    });
  });

  test('makes each service its dataset, by a mount point and properties of its own', () => {
    const { script, before, assertions } = moduleWith(`
      sonarr = { recordsize = "16K"; compression = "lz4"; properties."com.sun:auto-snapshot" = "true"; };
      plex = { recordsize = null; compression = null; properties = { }; };
      bad.properties.mountpoint = "/";
    `);
    expect(script).toContain(
      'ensure tank/persist/sonarr /persist/sonarr com.sun:auto-snapshot=true compression=lz4 recordsize=16K\n',
    );
    expect(script).toContain('ensure tank/persist/plex /persist/plex\n');
    expect(before).toEqual(['local-fs.target', 'bad.service', 'plex.service', 'sonarr.service']);
    expect((assertions as { assertion: boolean }[]).map(({ assertion }) => assertion)).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('is a script that a shell reads, and edits that Nix reads', () => {
    const { script } = moduleWith('sonarr.recordsize = "16K";');
    expect(script).toContain('"${property%%=*}"');
    execFileSync('bash', ['-n'], { input: script });
    for (const edit of [hostEdit(given), probeEdit(given, 'migrate-probe-a1b2')]) {
      const input = `{ ... }: {\n  ${edit.to} ];\n}\n`;
      execFileSync('nix-instantiate', ['--parse', '-'], { input, stdio: ['pipe', 'ignore', 'pipe'] });
    }
  });
});

test('units count as untouched only while what was up is up, since the same start', () => {
  const before = { 'sonarr.service': 'active 1', 'backup.timer': 'active 2' };
  const own = { 'zfs-service-datasets.service': 'active 9' };
  expect(compareUnits(before, { ...before, ...own }).verdict).toBe('PASS');
  const restarted = compareUnits(before, { ...before, 'sonarr.service': 'active 3' });
  expect(restarted).toMatchObject({
    verdict: 'PARTIAL',
    observed: expect.stringContaining('sonarr.service'),
  });
  expect(compareUnits(before, { 'backup.timer': 'active 2' })).toMatchObject({
    verdict: 'FAIL',
    observed: 'sonarr.service is gone',
  });
  expect(compareUnits(before, { ...before, 'other.service': 'failed 4' }).verdict).toBe('FAIL');
});
