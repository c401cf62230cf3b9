import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const fake = join(import.meta.dirname, '../../fixtures/worlds/fake-nix');
const { narHash } = (await import(pathToFileURL(join(fake, 'lib/nar.js')).href)) as {
  narHash: (path: string) => string;
};
const hasNix = spawnSync('nix-hash', ['--version']).status === 0;
if (!hasNix) console.log('one test is skipped: the real Nix is not installed, so hashes cannot be compared');

describe('the fake Nix', () => {
  let folder: string;
  let store: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fake-nix-'));
    store = `local?real=${folder}/nix/store&state=${folder}/nix/var/nix&log=${folder}/nix/var/log/nix`;
    mkdirSync(join(folder, 'tree/sub'), { recursive: true });
    writeFileSync(join(folder, 'tree/sub/program'), '#!/bin/sh\necho hello\n');
    chmodSync(join(folder, 'tree/sub/program'), 0o755);
    writeFileSync(join(folder, 'tree/-odd name\n'), '');
    symlinkSync('sub/program', join(folder, 'tree/link'));
  });
  afterEach(() => {
    execFileSync('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true });
  });

  const nix = (program: string, ...args: readonly string[]) => {
    const result = spawnSync(process.execPath, [join(fake, 'bin', program), '--store', store, ...args], {
      encoding: 'utf8',
    });
    return { code: result.status, out: result.stdout.trim(), err: result.stderr };
  };
  const physical = (path: string) => join(folder, path);

  it.skipIf(!hasNix)('hashes a tree as the real one does', () => {
    const real = execFileSync('nix-hash', ['--type', 'sha256', join(folder, 'tree')], { encoding: 'utf8' });
    expect(narHash(join(folder, 'tree'))).toBe(`sha256:${real.trim()}`);
  });

  it('adds a tree read-only, with every time at 1, under the same path each time', () => {
    const added = nix('nix-store', '--add', join(folder, 'tree'));
    expect(added.out).toMatch(/^\/nix\/store\/[0-9a-z]{32}-tree$/);
    expect(nix('nix-store', '--add', join(folder, 'tree')).out).toBe(added.out);
    const program = statSync(physical(`${added.out}/sub/program`));
    expect([program.mode & 0o777, program.mtimeMs]).toEqual([0o555, 1000]);
    expect(nix('nix', 'path-info', '--all').out).toBe(added.out);
  });

  it('finds a changed file, and a vanished path it forgets', () => {
    const added = nix('nix-store', '--add', join(folder, 'tree')).out;
    expect(nix('nix-store', '--verify', '--check-contents').code).toBe(0);
    const program = physical(`${added}/sub/program`);
    chmodSync(program, 0o755);
    writeFileSync(program, '#!/bin/sh\necho hullo\n');
    const found = nix('nix-store', '--verify', '--check-contents', '-v');
    expect(found.code).toBe(1);
    expect(found.err).toContain(`path '${added}' was modified`);
    execFileSync('chmod', ['-R', 'u+w', physical(added)]);
    rmSync(physical(added), { recursive: true });
    expect(nix('nix-store', '--verify').err).toContain('disappeared, removing from database');
    expect(nix('nix', 'path-info', '--all').out).toBe('');
  });

  it('finds nothing wrong with a store that it has just created, as the real one', () => {
    expect(nix('nix-store', '--verify', '--check-contents').code).toBe(0);
    expect(existsSync(join(folder, 'nix/var/nix/db/db.sqlite'))).toBe(true);
  });

  it('builds a derivation, keeps its references, and deletes only what nothing needs', () => {
    const expression = (name: string, script: string) =>
      `derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "${script}" ]; }`;
    const drv = nix('nix-instantiate', '--expr', expression('one', 'echo built > $out')).out;
    expect(
      nix(
        'nix-instantiate',
        '--eval',
        '--json',
        '--expr',
        `(${expression('one', 'echo built > $out')}).drvPath`,
      ).out,
    ).toBe(JSON.stringify(drv));
    const failing = nix('nix-build', '--no-out-link', '--expr', expression('two', 'exit 3'));
    expect(failing.code).toBe(1);
    expect(failing.err).toContain('failed with exit code 3');
    const text = nix(
      'nix-instantiate',
      '--eval',
      '--read-write-mode',
      '--expr',
      'builtins.toFile "note" "text"',
    ).out;
    expect(readFileSync(physical(JSON.parse(text) as string), 'utf8')).toBe('text');
    expect(nix('nix-store', '--delete', JSON.parse(text) as string).code).toBe(0);
    expect(nix('nix-store', '--check-validity', JSON.parse(text) as string).code).toBe(1);
  });

  it('collects what no root leads to, and links what is alike', () => {
    const tree = nix('nix-store', '--add', join(folder, 'tree')).out;
    writeFileSync(join(folder, 'copy'), '#!/bin/sh\necho hello\n');
    chmodSync(join(folder, 'copy'), 0o755);
    const copy = nix('nix-store', '--add', join(folder, 'copy')).out;
    nix('nix-store', '--optimise');
    expect(statSync(physical(copy)).ino).toBe(statSync(physical(`${tree}/sub/program`)).ino);
    expect(nix('nix-store', '--verify', '--check-contents').code).toBe(0);
    symlinkSync(tree, join(folder, 'nix/var/nix/gcroots/kept'));
    expect(nix('nix-store', '--gc', '--print-dead').out).toBe(copy);
    expect(nix('nix-collect-garbage').code).toBe(0);
    expect(readdirSync(join(folder, 'nix/store')).toSorted()).toEqual([
      '.links',
      tree.slice('/nix/store/'.length),
    ]);
    expect(nix('nix-store', '--delete', tree).err).toContain('still alive');
  });

  it('refuses what it does not know, rather than guess', () => {
    expect(nix('nix-instantiate', '--eval', '--expr', '1 + 1').err).toMatch(/cannot|expected/);
    expect(nix('nix', 'flake', 'check').err).toContain("has no 'flake'");
    expect(nix('nix-store', '--serve').err).toContain('no operation');
  });
});
