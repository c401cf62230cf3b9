import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../host/folder.ts';

/** Whether the real Nix is missing, and the tests that need it are skipped. */
export const withoutNix = !['/usr/bin/nix-store', '/run/current-system/sw/bin/nix-store'].some((path) =>
  existsSync(path),
);

if (withoutNix) console.log('tests with the real Nix are skipped: nix-store is not installed');

const config = 'sandbox = false\nsubstitute = false\nbuild-users-group =\n';

/** Nix without a daemon, a network or a sandbox, until the test ends. */
export function aloneNix(): void {
  vi.stubEnv('NIX_REMOTE', 'local');
  vi.stubEnv('NIX_CONFIG', config);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** A copy of a store in a folder: `store` and `var`, as `/nix` has them, with so many paths. */
export function storeFolder(paths: number): {
  folder: string;
  nix: (program: string, ...args: string[]) => string;
} {
  aloneNix();
  const root = temporaryFolder();
  onTestFinished(() => writable(root));
  const nix = (program: string, ...args: string[]) =>
    execFileSync(program, args, {
      encoding: 'utf8',
      env: { ...process.env, NIX_REMOTE: `local?root=${root}` },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  for (let number = 0; number < paths; number += 1) {
    const file = join(root, `file-${number}`);
    writeFileSync(file, `content ${number}\n`);
    nix('nix-store', '--add', file);
  }
  return { folder: join(root, 'nix'), nix };
}

/** A live store outside of /nix, in which builds work too. */
export function liveStore(): string {
  aloneNix();
  const root = temporaryFolder();
  onTestFinished(() => writable(root));
  vi.stubEnv('NIX_STORE_DIR', join(root, 'store'));
  vi.stubEnv('NIX_STATE_DIR', join(root, 'var/nix'));
  vi.stubEnv('NIX_LOG_DIR', join(root, 'var/log'));
  vi.stubEnv('NIX_CONF_DIR', join(root, 'etc'));
  return root;
}

/** A program of that name, first in PATH until the test ends: a small fake where the real one cannot run. */
export function fakeProgram(name: string, script: string): void {
  const folder = join(temporaryFolder(), 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, name), script);
  chmodSync(join(folder, name), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
}

function writable(root: string): void {
  execFileSync('chmod', ['-R', 'u+w', root]);
  rmSync(root, { recursive: true, force: true });
}
