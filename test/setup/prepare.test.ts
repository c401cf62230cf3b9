import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const setup = resolve(import.meta.dirname, '../../setup');

// Programs that no machine has, so that what this one has makes no difference.
const table = `
copier-of-files    run   required  copier-deb   copier-rpm   copier-arch   copier-nix
keeper-of-backups  run   optional  keeper-deb   keeper-rpm   keeper-arch   keeper-nix   nothing is kept
tester-of-files    test  required  tester-deb   tester-rpm   tester-arch   tester-nix
`;

interface Checkout {
  readonly folder: string;
  fake(program: string, script: string): void;
  write(file: string, text: string): void;
  /** What the fakes were called with, a line each. */
  calls(): string[];
  /** Runs `prepare` and then prints `ready`. */
  prepare(purposes: string, ...args: string[]): { exit: number | null; output: string; errors: string };
  /** The same, at a terminal where a person types. */
  prepareAtTerminal(typed: string): { exit: number | null; output: string };
}

/** A folder that passes for a checkout whose npm packages are installed, with fakes first in PATH. */
function checkout(options: { system?: string } = {}): Checkout {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-setup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const fake = (program: string, script: string): void => {
    write(`fakes/${program}`, `#!/bin/sh\necho "${program} $*" >>'${folder}/calls'\n${script}\n`);
    chmodSync(join(folder, 'fakes', program), 0o755);
  };
  execFileSync('cp', ['-r', setup, folder]);
  write('setup/programs', table);
  write('os-release', options.system ?? 'ID=debian\nPRETTY_NAME="Debian (a fake)"\n');
  write('package-lock.json', '{}');
  write('node_modules/.package-lock.json', '{}');
  write(
    'prepare-then-say-ready',
    '. setup/prepare.sh; os_release=./os-release; prepare "npm test" "$@"; echo ready; command -v node\n',
  );
  fake('id', 'echo 0');
  fake('npm', 'touch node_modules/.package-lock.json');
  const env = {
    HOME: folder,
    PATH: `${folder}/fakes:${dirname(process.execPath)}:/usr/bin:/bin`,
    npm_node_execpath: process.execPath,
  };
  return {
    folder,
    fake,
    write,
    calls: () =>
      existsSync(join(folder, 'calls'))
        ? readFileSync(join(folder, 'calls'), 'utf8')
            .split('\n')
            .filter((line) => line !== '' && !line.startsWith('id '))
        : [],
    prepare(purposes, ...args) {
      const { status, stdout, stderr } = spawnSync(
        'sh',
        ['-eu', 'prepare-then-say-ready', purposes, ...args],
        {
          cwd: folder,
          env,
          input: '',
          encoding: 'utf8',
        },
      );
      return { exit: status, output: stdout, errors: stderr };
    },
    prepareAtTerminal(typed) {
      const { status, stdout } = spawnSync(
        'script',
        ['-qec', 'sh -eu prepare-then-say-ready run', '/dev/null'],
        { cwd: folder, env, input: typed, encoding: 'utf8', timeout: 20_000 },
      );
      return { exit: status, output: stdout };
    },
  };
}

/** An apt-get that brings the programs of the packages it is asked for. */
const apt = (folder: string): string =>
  `for word; do case $word in *-deb) cp /bin/true "${folder}/fakes/$(grep -o "^[a-z-]*" ${folder}/setup/programs | grep "^\${word%-deb}-of-")"; esac; done`;

describe('the setup of programs', () => {
  test('says nothing and installs nothing when nothing is missing', () => {
    const { prepare, fake, calls } = checkout();
    for (const program of ['copier-of-files', 'keeper-of-backups']) fake(program, 'true');
    const { exit, output, errors } = prepare('run');
    expect(output).toBe(`ready\n${process.execPath}\n`);
    expect({ exit, errors, calls: calls() }).toEqual({ exit: 0, errors: '', calls: [] });
  });

  test('names what is missing and how to install it, changes nothing and exits 2, without a terminal', () => {
    const { prepare, fake, calls } = checkout();
    fake('apt-get', 'true');
    const { exit, output, errors } = prepare('run');
    expect(exit).toBe(2);
    expect(output).toContain('copier-of-files');
    expect(output).toContain(
      'apt-get update && apt-get install --no-install-recommends copier-deb keeper-deb\n',
    );
    expect(output).not.toContain('tester');
    expect(errors).toContain('npm test -- --yes');
    expect(calls()).toEqual([]);
  });

  test('installs with --yes, required and optional alike, and goes on', () => {
    const { prepare, fake, folder, calls } = checkout();
    fake('apt-get', apt(folder));
    const { exit, output, errors } = prepare('run test', '--yes');
    expect(errors).toBe('');
    expect(output).toMatch(/Installing copier-deb keeper-deb tester-deb … done in \d+ s\nready/);
    expect({ exit, calls: calls() }).toEqual({
      exit: 0,
      calls: [
        'apt-get -q -y update',
        'apt-get -q -y install --no-install-recommends copier-deb keeper-deb tester-deb',
      ],
    });
  });

  test('asks at a terminal, and goes on after a yes', () => {
    const { prepareAtTerminal, fake, folder, calls } = checkout();
    fake('apt-get', apt(folder));
    const { exit, output } = prepareAtTerminal('y\n');
    expect(output).toContain('Run it now? [y/N]');
    expect(output).toContain('ready');
    expect(exit).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  test('asks at a terminal, and installs nothing when only return is pressed', () => {
    const { prepareAtTerminal, fake, calls } = checkout();
    fake('apt-get', 'true');
    const { exit, output } = prepareAtTerminal('\n');
    expect(output).not.toContain('ready');
    expect(exit).toBe(2);
    expect(calls()).toEqual([]);
  });

  test('goes on without what is optional, and says what that costs', () => {
    const { prepare, fake, calls } = checkout();
    fake('copier-of-files', 'true');
    const { exit, output } = prepare('run');
    expect(exit).toBe(0);
    expect(output).toMatch(/keeper-of-backups +nothing is kept\nready/);
    expect(calls()).toEqual([]);
  });

  test('shows what apt-get said when it fails, and exits 2', () => {
    const { prepare, fake } = checkout();
    fake('apt-get', 'echo E: no such package; exit 100');
    const { exit, output, errors } = prepare('run', '--yes');
    expect(exit).toBe(2);
    expect(output).toContain('failed');
    expect(errors).toContain('E: no such package');
    expect(errors).toContain('run this again: npm test');
  });

  test('uses sudo for an ordinary user, and stops when sudo says no', () => {
    const { prepare, fake, calls } = checkout();
    fake('id', 'echo 1000');
    fake('sudo', 'exit 1');
    const { exit, output } = prepare('run', '--yes');
    expect(exit).toBe(2);
    expect(output).toContain('sudo apt-get update && sudo apt-get install');
    expect(calls()).toEqual(['sudo -n -v']);
  });

  test.each([
    ['ID=ubuntu\nID_LIKE=debian', 'apt-get install --no-install-recommends copier-deb keeper-deb'],
    ['ID=fedora', 'dnf install copier-rpm keeper-rpm'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"', 'dnf install copier-rpm keeper-rpm'],
    ['ID=arch', 'pacman -S --needed copier-arch keeper-arch'],
    ['ID=nixos', "nix-shell -p copier-nix keeper-nix --run 'npm test'"],
    ['ID=plan9', 'Install them with the package manager of this system.'],
  ])('names the packages on %j', (system, command) => {
    const { prepare, calls } = checkout({ system });
    const { exit, output } = prepare('run');
    expect(exit).toBe(2);
    expect(output).toContain(command);
    expect(calls()).toEqual([]);
  });

  test('installs nothing by itself where it knows no apt, even with --yes', () => {
    const { prepare, calls } = checkout({ system: 'ID=fedora' });
    expect(prepare('run', '--yes').exit).toBe(2);
    expect(calls()).toEqual([]);
  });

  test('does without os-release', () => {
    const { prepare, folder } = checkout();
    rmSync(join(folder, 'os-release'));
    expect(prepare('run')).toMatchObject({ exit: 2, output: expect.stringContaining('copier-of-files') });
  });
});

describe('the setup of npm packages', () => {
  const ready = (options?: { system?: string }): Checkout => {
    const made = checkout(options);
    for (const program of ['copier-of-files', 'keeper-of-backups']) made.fake(program, 'true');
    return made;
  };

  test('installs them when the lockfile is newer than what is installed, without the Node.js it has no need of', () => {
    const { prepare, folder, calls } = ready();
    utimesSync(join(folder, 'node_modules/.package-lock.json'), 1, 1);
    expect(prepare('run').output).toMatch(/^Installing npm packages … done in \d+ s\nready/);
    expect(calls()).toEqual(['npm ci --prefer-offline --workspaces=false']);
    expect(prepare('run').output).toMatch(/^ready/);
  });

  test('shows what npm said when it fails, and exits 2', () => {
    const { prepare, folder, fake } = ready();
    rmSync(join(folder, 'node_modules'), { recursive: true });
    fake('npm', 'echo npm error network; exit 1');
    expect(prepare('run')).toMatchObject({ exit: 2, errors: 'npm error network\n' });
  });

  test('brings a Node.js where that of the machine is too old', () => {
    const { prepare, folder, fake, write, calls } = ready();
    rmSync(join(folder, 'node_modules'), { recursive: true });
    fake('node', 'exit 1');
    fake('npm', `mkdir -p node_modules/.bin; ln -s ${process.execPath} node_modules/.bin/node`);
    write(
      'prepare-then-say-ready',
      `npm_node_execpath=${folder}/fakes/node\n${readFileSync(join(folder, 'prepare-then-say-ready'), 'utf8')}`,
    );
    expect(prepare('run').output).toMatch(new RegExp(`ready\n.*/node_modules/.bin/node\n$`));
    expect(calls()).toContain('npm ci --prefer-offline');
  });

  test('says so where there is no Node.js that is new enough', () => {
    const { prepare, folder, fake, write } = ready();
    fake('node', '[ "$1" = --version ] && echo v20.1.0; exit 1');
    write(
      'prepare-then-say-ready',
      `npm_node_execpath=${folder}/fakes/node\n${readFileSync(join(folder, 'prepare-then-say-ready'), 'utf8')}`,
    );
    const { exit, errors } = prepare('run');
    expect(exit).toBe(2);
    expect(errors).toContain('Node.js 24 or newer is needed. This machine has v20.1.0');
  });
});
