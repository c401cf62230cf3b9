import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compileInto } from '../../../bench/copy/compiled.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: a copy with all owners needs root');

const folders = 1_000;
const filesInEach = 100;

/** Megabytes, of a process of its own. */
function peakOf(part: 'copy' | 'verify', ...args: readonly string[]): number {
  const script = join(import.meta.dirname, 'peak-memory.ts');
  const said = execFileSync(process.execPath, [script, ...args], { input: `${part}\n`, encoding: 'utf8' });
  const [done, megabytes] = said.trim().split('\n');
  expect(done).toBe(part);
  return Number(megabytes);
}

test.skipIf(!isRoot)('a hundred thousand files are copied and verified without much memory', () => {
  const place = mkdtempSync(join(tmpdir(), 'memory-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
  const dist = compileInto(place);
  const [from, to, manifest] = ['from', 'to', 'manifest'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(to);
  for (let folder = 0; folder < folders; folder += 1) {
    const inner = join(from, `a-package-with-the-number-${folder}`, 'share');
    mkdirSync(inner, { recursive: true });
    for (let file = 0; file < filesInEach; file += 1)
      writeFileSync(join(inner, `a-file-with-the-number-${file}`), '');
  }
  expect(peakOf('copy', from, to, manifest, dist)).toBeLessThan(300);
  expect(peakOf('verify', from, to, manifest, dist)).toBeLessThan(420);
});
