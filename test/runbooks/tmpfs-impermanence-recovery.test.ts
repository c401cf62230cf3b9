import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  compareServices,
  judgeServices,
  removeServices,
  restoreServices,
} from '../../runbooks/tmpfs-impermanence-recovery/services.ts';
import type { Command } from '../../src/runbook/index.ts';

describe('the folders of services that were restored', () => {
  let folder: string;
  let restored: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'services-'));
    for (const [path, text] of [
      ['backup/services/plex/data', 'sample of plex\n'],
      ['backup/services/mariadb/rows', 'rows\n'],
      ['new/var/lib/nixos/uid-map', '{}\n'],
    ] as const) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    restored = join(folder, 'new/var/lib/plex/data');
    await said(restoreServices);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const said = async (command: (p: { source: string; target: string }) => Command) => {
    const [program, ...args] = command({ source: join(folder, 'backup'), target: join(folder, 'new') }).argv;
    return (await execa(program, args)).stdout;
  };
  const judged = async () => judgeServices(await said(compareServices));

  test('are whole when nothing differs, beside what was restored before them', async () => {
    expect(await judged()).toMatchObject({ verdict: 'PASS' });
  });

  test.each([
    [
      'one byte, of the same size and time',
      () => {
        const { atime, mtime } = statSync(restored);
        writeFileSync(restored, 'sample of PLEX\n');
        utimesSync(restored, atime, mtime);
      },
    ],
    ['a mode', () => chmodSync(restored, 0o600)],
    ['a file that is missing', () => rmSync(restored)],
  ])('are not, whatever rsync exits with, for %s', async (_what, change) => {
    change();
    const found = await judged();
    expect(found.verdict).toBe('FAIL');
    expect(found.observed).toContain('plex/data');
  });

  test('are removed again, and nothing beside them; one that holds what the backup has not is kept', async () => {
    const names = ['mariadb', 'plex'];
    writeFileSync(join(folder, 'new/var/lib/mariadb/later'), 'rows\n');
    const told = await said((p) => removeServices(p, names));
    expect(told).toMatch(/mariadb is kept/);
    expect(readdirSync(join(folder, 'new/var/lib'))).toEqual(['mariadb', 'nixos']);
    rmSync(join(folder, 'new/var/lib/mariadb/later'));
    await said(restoreServices);
    expect(await said((p) => removeServices(p, names))).toBe('');
    expect(readdirSync(join(folder, 'new/var/lib'))).toEqual(['nixos']);
    expect(readdirSync(join(folder, 'backup/services'))).toEqual(names);
  });

  test('that are all lost are told by the first few', () => {
    const lines = Array.from({ length: 9 }, (_, index) => `>f+++++++++ plex/${index}\n`).join('');
    expect(judgeServices(lines).observed).toMatch(/^9 paths .*plex\/4; and 4 more$/);
  });
});
