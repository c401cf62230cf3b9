import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { loadRunbook } from '../../src/host/runbook-file.ts';
import { idOf, newRunbook, readPlan, writeRunbook } from '../../src/scaffold/index.ts';
import { diagnoseFiles } from '../types/diagnostics.ts';

const folder = mkdtempSync(join(tmpdir(), 'scaffold-'));
afterAll(() => rmSync(folder, { recursive: true }));

const outline = readPlan(readFileSync(join(import.meta.dirname, 'plan.md'), 'utf8'), 'plan.md');
const imported = writeRunbook('photos', outline, 'plan.md');

async function load(source: string) {
  const file = join(mkdtempSync(join(folder, 'one-')), 'runbook.ts');
  writeFileSync(file, source);
  return (await loadRunbook(file)).runbook;
}

test('a plan becomes a runbook that loads, in which each step needs the one before it', async () => {
  const { nodes } = await load(imported.source);
  expect(nodes.slice(1).map(({ needs }) => needs)).toEqual(nodes.slice(0, -1).map(({ id }) => [id]));
  expect(nodes.map(({ kind }) => kind)).toContain('reboot');
});

test('what changes something is undecided, and what only looks is not', async () => {
  const { nodes } = await load(imported.source);
  const undecided = nodes.filter((node) => node.kind === 'step' && node.undecided !== undefined);
  expect(undecided.map(({ id }) => id)).toEqual(imported.undecided);
  expect(imported.undecided).toEqual([
    'back-up-everything',
    'rsync-a-srv-photos-backup-location',
    'nixos-rebuild-switch-flake-home',
    'rm-rf-srv-old-photos',
    'git-revert-commit',
  ]);
});

test('each placeholder is a required parameter, and stands where the plan has it', async () => {
  expect(imported.parameters).toEqual(['backupLocation', 'commit']);
  expect(imported.source).toMatch(/sh`rsync -a \/srv\/photos\/ \$\{params\.backupLocation\}\/photos\/`/);
  const { params } = await load(imported.source);
  expect(params.safeParse({}).success).toBe(false);
});

test('a check gives BLOCKED until somebody writes what passes', () => {
  expect(imported.source.match(/verdict: '\w+'/g)).toEqual(Array(5).fill("verdict: 'BLOCKED'"));
});

test('what comes of a plan, and a new runbook, type-check', { timeout: 120_000 }, async () => {
  const place = mkdtempSync(join(folder, 'types-'));
  const begun = Object.entries(newRunbook('move-it', "Move what isn't there"));
  expect(await diagnoseFiles(place, [['photos.ts', imported.source], ...begun])).toEqual([]);
});

test('any text at all becomes a runbook that loads', { timeout: 120_000 }, async () => {
  const dollar = '$';
  const line = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('# A', '## Steps', '```sh', '```', '- [ ] x', '1. `y`', '| Test | Command | Result |'),
    fc.constantFrom('|-|-|-|', `| a | \`b 'c\` | ${dollar}{d} |`, `rm -rf 'a\`b${dollar}{c}'`),
    fc.constantFrom('# \u2028', '<x> y-location', '\\'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
      const any = readPlan(lines.join('\n'), 'any.md');
      const { source, steps, gates, checks } = writeRunbook(idOf(any.title) || 'plan', any, 'any.md');
      expect((await load(source)).nodes).toHaveLength(steps + gates + checks);
    }),
    { numRuns: 60 },
  );
});
