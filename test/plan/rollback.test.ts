import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../src/journal/event.ts';
import { fold } from '../../src/journal/fold.ts';
import { planRollback } from '../../src/plan/rollback.ts';
import { boot, clocks, runStarted } from '../journal/any-event.ts';
import { numbered } from '../journal/events.ts';
import { anyGraph, recorded, seeded, type Graph } from './graph.ts';
import { cpuMs } from '../cpu-time.ts';

const started = (step: string): EventBody => ({
  ...{ type: 'step.started', step, attempt: 1, undo: { kind: 'data', actions: [] } },
  ...{ boot: boot(1), clocks: clocks(0) },
});
const undone = (step: string): EventBody => ({ type: 'undo.completed', step, by: 'person' });

/** Starts in any order that the needs allow; some are undone by hand and begun again later. */
function history({ needs }: Graph, seed: number): EventBody[] {
  const random = seeded(seed);
  const events: EventBody[] = [];
  const begun = new Set<string>();
  for (let turn = 0; turn < 40; turn += 1) {
    const ready = [...needs].filter(([id, own]) => !begun.has(id) && own.every((need) => begun.has(need)));
    const [next] = ready[Math.floor(random() * ready.length)] ?? [];
    if (next !== undefined && random() < 0.8) {
      begun.add(next);
      events.push(started(next));
    }
    const again = [...begun][Math.floor(random() * begun.size)];
    if (again !== undefined && random() < 0.15) events.push(undone(again), started(again));
  }
  return events;
}

function stateOf(graph: Graph, events: readonly EventBody[]) {
  const nodes = [...graph.needs].map(([id, needs]) => recorded(id, needs));
  return fold(numbered([{ ...runStarted, nodes } as EventBody, ...events]));
}

describe('planRollback', () => {
  it('takes back every begun step of any graph, and none before what needs it', () => {
    fc.assert(
      fc.property(anyGraph, fc.integer(), (graph, seed) => {
        const state = stateOf(graph, history(graph, seed));
        const order = planRollback(state, boot(1)).afterReboot.map(({ id }) => id);
        const begun = [...state.steps.values()].filter(({ startedSeq }) => startedSeq !== undefined);
        expect(order.toSorted()).toEqual(begun.map(({ id }) => id).toSorted());
        for (const id of order) {
          for (const need of graph.needs.get(id) ?? []) {
            if (order.includes(need))
              expect([id, order.indexOf(id)]).toEqual([id, Math.min(order.indexOf(id), order.indexOf(need))]);
          }
        }
      }),
    );
  });

  it('keeps, with a step, all that it needs, and keeps nothing whose needs are taken back', () => {
    fc.assert(
      fc.property(anyGraph, fc.integer(), fc.nat(11), (graph, seed, at) => {
        const state = stateOf(graph, history(graph, seed));
        const begun = [...graph.needs.keys()].filter((id) => state.steps.get(id)?.startedSeq !== undefined);
        const to = begun[at % Math.max(1, begun.length)];
        if (to === undefined) return;
        const undo = new Set(planRollback(state, boot(1), to).afterReboot.map(({ id }) => id));
        expect(undo.has(to)).toBe(false);
        for (const id of begun) {
          if (undo.has(id)) continue;
          for (const need of graph.needs.get(id) ?? [])
            expect([id, need, undo.has(need)]).toEqual([id, need, false]);
        }
      }),
    );
  });

  it('goes in reverse order of the starts where nothing was begun twice', () => {
    const graph = {
      needs: new Map<string, string[]>([
        ['a', []],
        ['b', []],
        ['c', ['a']],
      ]),
    };
    const state = stateOf(graph, [started('b'), started('a'), started('c')]);
    expect(planRollback(state, boot(1)).afterReboot.map(({ id }) => id)).toEqual(['c', 'a', 'b']);
  });

  it('goes by the recorded undo for what cannot be undone, not by what an edited runbook says', () => {
    const nodes = [recorded('a', [], { reversal: 'irreversible', irreversible: 'x' }), recorded('b', [])];
    const irreversible: EventBody = {
      ...started('b'),
      undo: { kind: 'irreversible', why: 'y' },
    } as EventBody;
    const state = fold(numbered([{ ...runStarted, nodes } as EventBody, started('a'), irreversible]));
    expect(planRollback(state, boot(1)).irreversible.map(({ id }) => id)).toEqual(['b']);
  });

  it('plans 10,000 steps in well under a second', () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `s${index}`);
    const graph = { needs: new Map(ids.map((id, index) => [id, index === 0 ? [] : [`s${index - 1}`]])) };
    const state = stateOf(graph, ids.map(started));
    const ms = cpuMs(() => {
      expect(planRollback(state, boot(1)).afterReboot).toHaveLength(10_000);
    });
    expect(ms).toBeLessThan(1_000);
  });
});
