import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crashPoints } from '../../src/rehearsal/crash.ts';
import { formatCase, groups, parseCase } from '../../src/rehearsal/everywhere/case.ts';
import { project, readPage, sectionOf } from './pages.ts';

const page = readPage('docs/rehearsal.md');

test('docs/rehearsal.md names every program that is a fake, and none that there is not', () => {
  const worlds = join(project, 'fixtures/worlds');
  const there = globSync(
    ['*/bin/*', 'base/init', 'nixos-{wsl,zfs,tmpfs}/system/*', 'system-disks/system/*'],
    { cwd: worlds },
  ).filter((path) => path !== 'nixos-wsl/system/units');
  const named = [...sectionOf(page, 'What is a fake').matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path);
  expect(new Set(named)).toEqual(new Set(there));
});

test('docs/rehearsal.md names every point at which a rehearsal can be killed', () => {
  const section = sectionOf(page, 'Kill it');
  const named = [...section.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, point]) => point);
  expect(new Set(named)).toEqual(new Set(crashPoints));
});

test('docs/rehearsal.md names every further point of a sweep, and its cases are some', () => {
  const section = sectionOf(page, 'Kill it everywhere');
  for (const group of groups.filter((name) => !crashPoints.some((point) => point === name))) {
    expect(section).toContain(`\`${group}\``);
  }
  const cases = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name ?? '');
  expect(cases.length).toBeGreaterThan(6);
  for (const name of cases) expect(formatCase(parseCase(name))).toBe(name);
});

test('docs/rehearsal.md explains everything that a runbook can say of its world', () => {
  const source = readFileSync(join(project, 'src/runbook/rehearsal.ts'), 'utf8');
  const keys = [...source.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, key]) => key ?? '');
  expect(keys.length).toBeGreaterThan(10);
  const section = sectionOf(page, 'A world for your own runbook');
  for (const key of keys) expect(section).toContain(`\`${key}\``);
});
