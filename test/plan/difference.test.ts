import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../src/journal/event.ts';
import { fold } from '../../src/journal/fold.ts';
import { difference } from '../../src/plan/difference.ts';
import { longestIncreasing } from '../../src/plan/longest-increasing.ts';
import { runStarted } from '../journal/any-event.ts';
import { numbered } from '../journal/events.ts';
import { anyGraph, recorded } from './graph.ts';
import { cpuMs } from '../cpu-time.ts';

const stateOf = (nodes: ReturnType<typeof recorded>[]) =>
  fold(numbered([{ ...runStarted, nodes } as EventBody]));

describe('difference', () => {
  it('finds none between a graph and itself', () => {
    fc.assert(
      fc.property(anyGraph, ({ needs }) => {
        const nodes = [...needs].map(([id, own]) => recorded(id, own));
        expect(difference(stateOf(nodes), structuredClone(nodes))).toEqual([]);
      }),
    );
  });

  it('tells of the one step that was moved, and not of those around it', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((id) => recorded(id, []));
    const [a, ...others] = nodes as [(typeof nodes)[0], ...typeof nodes];
    expect(difference(stateOf(nodes), [...others.slice(0, 3), a, ...others.slice(3)])).toMatchObject([
      { kind: 'reordered', step: 'a', touchesDone: false },
    ]);
  });

  it('does not mind the order in which needs are named', () => {
    const before = [recorded('a', []), recorded('b', []), recorded('c', ['a', 'b'])];
    const after = [recorded('a', []), recorded('b', []), recorded('c', ['b', 'a'])];
    expect(difference(stateOf(before), after)).toEqual([]);
  });

  it('tells of a step added where something that is done needs it through another', () => {
    const before = [recorded('done', [])];
    const state = fold(
      numbered([
        { ...runStarted, nodes: before } as EventBody,
        { type: 'step.skipped', step: 'done', why: 'already-done' },
      ]),
    );
    const after = [recorded('x', []), recorded('y', ['x']), recorded('done', ['y'])];
    expect(difference(state, after).filter(({ kind }) => kind === 'added')).toMatchObject([
      { step: 'x', touchesDone: true },
      { step: 'y', touchesDone: true },
    ]);
  });

  it('compares 10,000 steps in well under a second, also when all have moved', () => {
    const nodes = Array.from({ length: 10_000 }, (_, index) => recorded(`s${index}`, []));
    const ms = cpuMs(() => {
      expect(difference(stateOf(nodes), nodes.toReversed())).toHaveLength(9_999);
    });
    expect(ms).toBeLessThan(1_000);
  });
});

describe('longestIncreasing', () => {
  it('gives indices of an increasing part that is as long as any', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50), { maxLength: 9 }), (numbers) => {
        const part = longestIncreasing(numbers).map((index) => numbers[index] ?? -1);
        expect(part).toEqual(part.toSorted((a, b) => a - b));
        let longest = 0;
        for (let mask = 0; mask < 1 << numbers.length; mask += 1) {
          const chosen = numbers.filter((_, index) => (mask & (1 << index)) !== 0);
          if (chosen.every((number, index) => index === 0 || number > (chosen[index - 1] ?? 0)))
            longest = Math.max(longest, chosen.length);
        }
        expect(part).toHaveLength(longest);
      }),
    );
  });
});
