import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const source = join(import.meta.dirname, '../../fixtures/worlds/nixos-zfs/lib/nix-modules.js');
const { readConfiguration } = (await import(pathToFileURL(source).href)) as {
  readConfiguration: (file: string) => {
    data(path: string): unknown;
    refuseUndeclared(): void;
    isLeftToTheWorld(option: string): boolean;
  };
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modules-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A configuration of these files, read from `host.nix`. */
function configuration(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return readConfiguration(join(folder, 'host.nix'));
}

const service = `{ config, lib, ... }:
let
  cfg = config.services.sonarr;
  storage = config.modules.storage;
in {
  config = lib.mkIf cfg.enable {
    modules.storage.services.sonarr = { recordsize = "16K"; properties."com.sun:auto-snapshot" = "true"; };
    services.sonarr.dataDir = "\${storage.mount}/sonarr"; # a comment
    systemd.tmpfiles.rules = [ "d \${storage.mount}/sonarr 0755 sonarr sonarr - -" ];
  };
}
`;
const storage = `{ config, lib, ... }:
with lib;
let cfg = config.modules.storage; in {
  options.modules.storage = {
    enable = mkEnableOption "datasets";
    mount = mkOption { type = types.str; default = "/persist"; };
    services = mkOption { type = types.attrsOf (types.submodule { }); default = { }; };
  };
  config = mkIf cfg.enable {
    systemd.services.datasets.script = ''
      set -eu
      \${concatStringsSep "\\n" (mapAttrsToList (name: service: ''
        zfs create -o recordsize=\${service.recordsize} \${escapeShellArg "tank/\${name}"} ''\${kept}
      '') cfg.services)}
    '';
  };
}
`;
const host = (more: string) => `{ ... }: { imports = [ ./service ./storage.nix ]; ${more} }`;

describe("the fake nixos-rebuild's modules of a ZFS machine", () => {
  it('are put together as NixOS does it: conditions, defaults and what others say', () => {
    const files = { 'service/default.nix': service, 'storage.nix': storage };
    const on = configuration({
      ...files,
      'host.nix': host('services.sonarr.enable = true; modules.storage.enable = true;'),
    });
    on.refuseUndeclared();
    expect(on.data('services.sonarr')).toEqual({ enable: true, dataDir: '/persist/sonarr' });
    expect(on.data('systemd.tmpfiles.rules')).toEqual(['d /persist/sonarr 0755 sonarr sonarr - -']);
    expect(on.data('modules.storage.services.sonarr.properties')).toEqual({
      'com.sun:auto-snapshot': 'true',
    });
    expect(on.data('systemd.services.datasets.script')).toMatch(
      /zfs create -o recordsize=16K tank\/sonarr \$\{kept\}/,
    );
    const off = configuration({ ...files, 'host.nix': host('services.sonarr.enable = false;') });
    expect(off.data('services.sonarr.dataDir')).toBe(undefined);
    expect(off.data('modules.storage')).toEqual({ enable: false, mount: '/persist', services: {} });
    expect(off.data('systemd.services.datasets')).toEqual(undefined);
  });

  it('let the stronger word stand, put lists together, and refuse two words of one strength', () => {
    const read = (one: string, other: string) =>
      configuration({
        'host.nix': `{ lib, ... }: { imports = [ ./other.nix ]; a.b = ${one}; }`,
        'other.nix': `{ lib, ... }: { a.b = ${other}; }`,
      }).data('a.b');
    expect(read('lib.mkForce "x"', '"y"')).toBe('x');
    expect(read('lib.mkDefault "x"', '"y"')).toBe('y');
    expect(read('[ 1 ]', 'lib.mkAfter [ 2 ]')).toEqual([1, 2]);
    expect(read('"x"', 'lib.mkIf false "y"')).toBe('x');
    expect(() => read('"x"', '"y"')).toThrow(/`a\.b' has conflicting definition values/);
  });

  it('refuse an option that no module declares, and what is no Nix, with the place', () => {
    const undeclared = configuration({ 'host.nix': '{ modules.nowhere.enable = true; }' });
    expect(() => undeclared.refuseUndeclared()).toThrow(/`modules\.nowhere' does not exist[^]*host\.nix/);
    expect(() => configuration({ 'host.nix': '{ a = 1;\n b = ; }' })).toThrow(/unexpected ;[^]*host\.nix:2/);
    expect(() => configuration({ 'host.nix': '{ imports = [ ./gone.nix ]; }' })).toThrow(
      /gone\.nix' does not exist/,
    );
    const wrong = configuration({ 'host.nix': '{ lib, ... }: { a = lib.noSuchThing 1; }' });
    expect(() => wrong.data('a')).toThrow(/'noSuchThing' missing/);
  });

  it('leave to the world what a module only declares', () => {
    const declared = { 'host.nix': host(''), 'service/default.nix': '{ }' };
    expect(configuration({ ...declared, 'storage.nix': storage }).isLeftToTheWorld('modules.storage')).toBe(
      false,
    );
    const alone = storage.replace(/ {2}config = mkIf[^]*$/, '}');
    expect(configuration({ ...declared, 'storage.nix': alone }).isLeftToTheWorld('modules.storage')).toBe(
      true,
    );
  });
});
