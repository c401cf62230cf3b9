import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const file = join(import.meta.dirname, '../../fixtures/worlds/nixos-wsl/lib/host-file.js');
const { readBootLoader, readOption } = (await import(pathToFileURL(file).href)) as {
  readBootLoader: (source: string) => { name: string; text: string } | undefined;
  readOption: (source: string, option: string) => string | boolean | undefined;
};

const host = `{ lib, pkgs, ... }:
{
  imports = [
    ./storage.nix
    # bind = false;
    ({ lib, pkgs, ... }: {
      system.build.installBootLoader = lib.mkForce (pkgs.writeShellScript "keep" ''
        # a comment of the script's, bind = false;
        export PATH=\${lib.makeBinPath [ pkgs.coreutils ]}:$PATH
        echo "''\${HOME}" '''quoted''' \${pkgs.nix}/bin/nix
          indented
      '');
    })
  ];
  storage = { bind = true; uuid = "one-two"; /* bind = false; */ };
}
`;

describe("the fake nixos-rebuild's reader of host files", () => {
  it('reads booleans and texts wherever they are set, and not in comments and scripts', () => {
    expect(readOption(host, 'bind')).toBe(true);
    expect(readOption(host, 'uuid')).toBe('one-two');
    expect(readOption(host, 'absent')).toBeUndefined();
  });

  it('refuses an option that is set twice', () => {
    expect(() => readOption(`${host}\nbind = false;`, 'bind')).toThrow('2 times');
  });

  it("takes the boot loader's script as Nix would: unindented, with escapes and packages resolved", () => {
    expect(readBootLoader(host)).toEqual({
      name: 'keep',
      text: [
        "# a comment of the script's, bind = false;",
        'export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH',
        `echo "\${HOME}" ''quoted'' /usr/bin/nix`,
        '  indented',
        '',
      ].join('\n'),
    });
    expect(readBootLoader('{ }')).toBeUndefined();
  });

  it('refuses what it cannot evaluate, rather than guess', () => {
    const strange = host.replace('pkgs.nix', 'lib.getExe pkgs.nix');
    expect(() => readBootLoader(strange)).toThrow('cannot evaluate');
  });
});
