import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPlan } from '../../src/scaffold/index.ts';

const plan = readPlan(readFileSync(join(import.meta.dirname, 'plan.md'), 'utf8'), 'plan.md');
const phase = (title: string) => plan.phases.find((each) => each.title === title)?.items ?? [];

test('headings that hold something to do are phases, in their order; the first names the plan', () => {
  expect(plan.title).toBe('Photos onto the new disk');
  expect(plan.phases.map(({ title }) => title)).toEqual([
    '1. Back up',
    '2. Configuration',
    '3. Migration',
    'Tests',
    'Outcomes',
  ]);
});

test('a command of a shell block is a step with its arguments, named by the comment before it', () => {
  expect(phase('1. Back up').slice(0, 2)).toEqual([
    {
      kind: 'command',
      title: 'Back up everything',
      argv: ['restic', 'backup', '/srv/photos', '--tag', 'before'],
      text: 'restic backup /srv/photos --tag before',
      asRoot: false,
    },
    expect.objectContaining({
      argv: ['rsync', '-a', '/srv/photos/', 'backup-location/photos/'],
      asRoot: true,
    }),
  ]);
});

test('what only a shell understands, and what never ends, is left to a person', () => {
  const byHand = plan.phases
    .flatMap(({ items }) => items)
    .filter(({ kind }) => kind === 'manual')
    .map(({ title }) => title);
  expect(byHand).toContain('df -h | grep backup');
  expect(byHand).toContain('journalctl -u photos -f');
  expect(plan.phases.flatMap(({ items }) => items)).toContainEqual(
    expect.objectContaining({ kind: 'manual', instructions: expect.stringContaining('for each in *') }),
  );
});

test('a comment that stands before no command is for a person, and so is a wait', () => {
  expect(phase('1. Back up').at(-1)).toMatchObject({ kind: 'manual', title: 'Compare the sizes' });
});

test('configuration is written by a person, who is told into which file; a drawing is nothing to do', () => {
  expect(phase('2. Configuration')).toEqual([
    {
      kind: 'manual',
      title: 'Write hosts/home/default.nix',
      instructions: 'services.photos.dataDir = "/mnt/disk/photos";',
    },
  ]);
});

test('items of a numbered list beneath a heading of work, and of a check list, are gates', () => {
  expect(phase('3. Migration').slice(0, 4)).toMatchObject([
    { kind: 'manual', title: 'Tell everybody' },
    { kind: 'manual', title: 'Put the new disk in' },
    { kind: 'manual', title: 'It shows up', instructions: 'It shows up' },
    { kind: 'manual', title: 'It is empty' },
  ]);
});

test('a ticked box is to be looked at again', () => {
  expect(phase('3. Migration')[3]).toMatchObject({
    instructions: 'It is empty\nThe plan says that this is done. Look whether it is.',
  });
});

test('a table of tests gives checks, with a command where it is one', () => {
  expect(phase('Tests')).toEqual([
    {
      kind: 'check',
      title: 'Mounted',
      expect: 'A line',
      argv: ['findmnt', '/mnt/disk'],
      text: 'findmnt /mnt/disk',
    },
    { kind: 'check', title: 'Piped', expect: 'A line', argv: undefined, text: 'mount | grep disk' },
    { kind: 'check', title: 'Seen', expect: 'All pictures', argv: undefined, text: 'Open the gallery' },
  ]);
});

test('an outcome that somebody wrote down is a check that has yet to be made, never a PASS', () => {
  expect(phase('Outcomes')).toMatchObject([
    {
      kind: 'check',
      title: 'T01 the copy is whole',
      text: 'The plan says PASS\nnothing differed',
    },
    {
      kind: 'check',
      title: 'T02 the old disk is silent',
      text: 'The plan says FAIL (known limitation)',
    },
  ]);
});
