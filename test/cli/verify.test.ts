import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerificationDocument } from '../../src/render/documents/verification.ts';
import { copyPass } from '../../src/copy/copy-pass.ts';
import { identityOf, localMachine } from '../copy/local-machine.ts';
import { isRoot } from '../copy/sample-tree.ts';

const program = resolve(import.meta.dirname, '../../src/cli/migrate.ts');
let folder = '';
const at = (...names: string[]): string => join(folder, ...names);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'migrate-cli-verify-'));
  mkdirSync(at('from/deep'), { recursive: true });
  mkdirSync(at('to'));
  for (let file = 0; file < 40; file += 1) writeFileSync(at('from/deep', `file ${file}`), `content ${file}`);
  writeFileSync(at('from', 'line\nbreak'), 'odd');
  const places = { source: identityOf(at('from')), target: identityOf(at('to')) };
  await copyPass(
    {
      ...{ from: at('from'), to: at('to'), manifest: at('manifest'), pass: 'final', owner: 'run' },
      ...{ engine: 'rsync', asRoot: isRoot },
      ...places,
    },
    localMachine(),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

function migrate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, MIGRATE_STATE_DIR: at('state'), MIGRATE_CLAIMS_DIR: at('claims') };
  return spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' });
}

function verification(...args: string[]): VerificationDocument {
  return JSON.parse(migrate('verify', at('manifest'), ...args, '--json').stdout) as VerificationDocument;
}

/** A byte of it, under the same size and time. */
function damage(path: string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, readFileSync(path, 'utf8').replace('content', 'c0ntent'));
  utimesSync(path, atime, mtime);
}

describe('migrate verify', () => {
  test('says of an equal copy that it is, with what was read, and ends with 0', () => {
    const { status, stdout } = migrate('verify', at('manifest'));
    expect(stdout).toContain(`${at('to')} is as its manifest says`);
    expect(stdout).toContain('41 of 41 files');
    expect(status).toBe(0);
  });

  test('names what differs and ends with 1', () => {
    damage(at('to/deep/file 7'));
    writeFileSync(at('to/extra'), '');
    const { status, stdout } = migrate('verify', at('manifest'));
    expect(stdout).toContain('content: deep/file 7');
    expect(stdout).toContain('extra: extra');
    expect(status).toBe(1);
  });

  test('reads the same sample for the same seed, and compares all else of every path', () => {
    const one = verification('--sample', '30%', '--seed', 'a');
    expect(one.filesRead).toBeGreaterThan(0);
    expect(one.filesRead).toBeLessThan(41);
    expect(one.entries).toBe(43);
    expect(verification('--sample', '0.3', '--seed', 'a').bytesRead).toBe(one.bytesRead);
    expect(verification('--sample', '100%').filesRead).toBe(41);
    rmSync(at('to/deep/file 3'));
    expect(verification('--sample', '1%').kinds).toMatchObject({ missing: 1 });
  });

  test('compares a restored copy elsewhere, and says that it is another folder', () => {
    execFileSync('cp', ['-a', at('to'), at('restored')]);
    expect(verification(at('restored'))).toMatchObject({ copiedTo: false, differences: 0 });
  });

  test('refuses another folder in the place of the copy, since that may be the old tree', () => {
    execFileSync('mv', [at('to'), at('away')]);
    mkdirSync(at('to'));
    const { status, stderr } = migrate('verify', at('manifest'));
    expect(stderr).toContain('is not the folder that the copy was made to');
    expect(status).toBe(2);
  });

  test('believes no manifest that was changed', () => {
    writeFileSync(at('manifest'), readFileSync(at('manifest'), 'utf8').replace('file 3', 'file X'));
    const { status, stderr } = migrate('verify', at('manifest'));
    expect(stderr).toContain('does not match its own digest');
    expect(status).not.toBe(0);
  });

  test.each(['0%', '101%', 'half', '-5%'])('refuses the share %s', (share) => {
    const { status, stderr } = migrate('verify', at('manifest'), `--sample=${share}`);
    expect(stderr).toContain('expected a share such as 5%');
    expect(status).toBe(2);
  });
});

describe('migrate manifest', () => {
  test('prints what xxhsum checks the copy with, and says what it could not print', () => {
    const { status, stdout, stderr } = migrate('manifest', at('manifest'));
    expect(status).toBe(0);
    expect(stderr).toContain('1 files whose names hold a line break');
    writeFileSync(at('sums'), stdout);
    const check = () => spawnSync('xxhsum', ['--quiet', '--check', at('sums')], { cwd: at('to') }).status;
    expect(check()).toBe(0);
    damage(at('to/deep/file 7'));
    expect(check()).not.toBe(0);
  });

  test('prints all of it as JSON lines, as it stands in its file', () => {
    expect(migrate('manifest', at('manifest'), '--json').stdout).toBe(readFileSync(at('manifest'), 'utf8'));
  });
});
