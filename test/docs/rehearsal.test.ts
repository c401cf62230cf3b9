import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crashPoints } from '../../src/rehearsal/crash.ts';
import { project, readPage, sectionOf } from './pages.ts';

const page = readPage('docs/rehearsal.md');

test('docs/rehearsal.md names every program that is a fake, and none that there is not', () => {
  const worlds = join(project, 'fixtures/worlds');
  const there = globSync(['*/bin/*', 'base/init', 'nixos-wsl/system/*'], { cwd: worlds }).filter(
    (path) => path !== 'nixos-wsl/system/units',
  );
  const named = [...sectionOf(page, 'What is a fake').matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path);
  expect(new Set(named)).toEqual(new Set(there));
});

test('docs/rehearsal.md names every point at which a rehearsal can be killed', () => {
  const section = sectionOf(page, 'Kill it');
  const named = [...section.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, point]) => point);
  expect(new Set(named)).toEqual(new Set(crashPoints));
});

test('docs/rehearsal.md explains everything that a runbook can say of its world', () => {
  const source = readFileSync(join(project, 'src/runbook/rehearsal.ts'), 'utf8');
  const keys = [...source.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, key]) => key ?? '');
  expect(keys.length).toBeGreaterThan(10);
  const section = sectionOf(page, 'A world for your own runbook');
  for (const key of keys) expect(section).toContain(`\`${key}\``);
});
