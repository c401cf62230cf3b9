import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crashPoints } from '../../../src/rehearsal/crash.ts';
import { formatCase, groups } from '../../../src/rehearsal/everywhere/case.ts';
import { chooseCases } from '../../../src/rehearsal/everywhere/choose.ts';
import { casesOf, pairsOf, parsePasses, type Stretch } from '../../../src/rehearsal/everywhere/enumerate.ts';
import { oneOfEachStep, split } from '../../../src/rehearsal/everywhere/sweep-crashes.ts';
import { randomOf } from '../../../src/rehearsal/random.ts';

const stretches: readonly Stretch[] = [
  {
    step: 'copy',
    passes: parsePasses(
      ['a taking-lock ', 'a half-line ', 'a before-intent copy', 'a mid-act copy', 'a mid-act copy']
        .concat(['a mid-act copy', 'b taking-lock ', 'b before-checkpoint copy', 'b mid-'])
        .join('\n'),
    ),
  },
  { step: 'go', passes: parsePasses('c taking-lock \nc at-gate go\n') },
];

describe('the cases of a sweep', () => {
  it('are every place that was passed, and in the middle of an act the first time and another', () => {
    const names = casesOf('forward', stretches, () => 0.99).map(formatCase);
    expect(names).toEqual([
      'taking-lock@copy',
      'half-line@copy',
      'before-intent:copy',
      'mid-act:copy',
      'mid-act:copy:3',
      'before-checkpoint:copy',
      'taking-lock@go',
      'at-gate:go',
    ]);
    expect(casesOf('undo', stretches, () => 0).map(formatCase)).toContain('undo/mid-act:copy:2');
  });

  it('count times within one process, since the next one counts anew', () => {
    const passes = parsePasses('a half-line \nb half-line \n');
    expect(casesOf('forward', [{ step: 'copy', passes }], () => 0).map(formatCase)).toEqual([
      'half-line@copy',
    ]);
  });

  it('are the same for the same seed', () => {
    const names = (seed: number) => casesOf('forward', stretches, randomOf(seed)).map(formatCase);
    expect(names(7)).toEqual(names(7));
  });

  it('come in pairs of two points, one for each step', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
        const pairs = pairsOf(casesOf('forward', stretches, randomOf(seed)), randomOf(seed));
        expect(pairs.map(({ step }) => step)).toEqual(['copy', 'go']);
        for (const pair of pairs) {
          if (pair.kind !== 'forward') throw new Error('a pair goes forward');
          expect(new Set(pair.crashes.map(({ point }) => point)).size).toBe(2);
        }
      }),
    );
  });

  it('have each a group of their own to be chosen by', () => {
    expect(groups).toEqual(expect.arrayContaining([...crashPoints]));
    expect(new Set(groups).size).toBe(groups.length);
  });
});

describe('the choice of cases', () => {
  const all = casesOf('forward', stretches, () => 0);
  it('is everything, unless something is asked for', () => {
    expect(chooseCases(all, {}, randomOf(1))).toEqual(all);
  });

  it('is all of the points named, and so many of the others, in order and none twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0 }), (sample, seed) => {
        const chosen = chooseCases(all, { points: ['mid-act'], sample }, randomOf(seed));
        expect(chosen.length).toBe(2 + Math.min(sample, all.length - 2));
        expect(all.filter((one) => chosen.includes(one))).toEqual(chosen);
        expect(chosen.map(formatCase)).toEqual(expect.arrayContaining(['mid-act:copy', 'mid-act:copy:2']));
      }),
    );
  });
});

describe('the worlds of a sweep', () => {
  const steps = fc.array(fc.record({ step: fc.constantFrom('a', 'b', 'c'), name: fc.uuid() }));
  it('try no two cases of one step on their way forward, and leave none out', () => {
    fc.assert(
      fc.property(steps, (cases) => {
        const rows = oneOfEachStep(cases);
        expect(rows.flat().toSorted(byName)).toEqual(cases.toSorted(byName));
        for (const row of rows) expect(new Set(row.map(({ step }) => step)).size).toBe(row.length);
      }),
    );
  });

  it('try all undos of a step in one world, and leave none out', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (cases, parts) => {
        const rows = split(cases, parts);
        expect(rows.flat().toSorted(byName)).toEqual(cases.toSorted(byName));
        const places = rows.flatMap((row) => [...new Set(row.map(({ step }) => step))]);
        expect(new Set(places).size).toBe(places.length);
      }),
    );
  });
});

const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
