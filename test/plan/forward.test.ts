import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply, fold } from '../../src/journal/fold.ts';
import { stepState, type RunState } from '../../src/journal/state.ts';
import { choose, frontier, FrontLine } from '../../src/plan/forward.ts';
import { validate, type Node } from '../../src/runbook/index.ts';
import { chain, makes } from '../engine/samples.ts';
import { runStarted } from '../journal/any-event.ts';
import { numbered } from '../journal/events.ts';
import { anyGraph, seeded, type Graph } from './graph.ts';

const begin = (): RunState => fold(numbered([runStarted]));

function nodesOf({ needs }: Graph, locks: readonly string[] = []): readonly Node[] {
  let so = chain();
  for (const [id, own] of needs) {
    const lock = locks[Number(id.slice(1)) % Math.max(1, locks.length)];
    so = so.step(id, makes(`/${id}`, { needs: own, locks: lock === undefined ? [] : [lock] }));
  }
  return validate(so, 'a test').nodes;
}

function complete(state: RunState, step: string): void {
  const [event] = numbered([{ type: 'step.completed', step, attempt: 1, by: 'act', verified: false }]);
  if (event !== undefined) apply(state, event);
}

describe('frontier and choose', () => {
  it('run every step of any graph once, after all that it needs, whatever the order and the jobs', () => {
    fc.assert(
      fc.property(
        anyGraph,
        fc.integer(),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom('disk', 'net'), { maxLength: 3 }),
        (graph, seed, jobs, locks) => {
          const random = seeded(seed);
          const nodes = nodesOf(graph, locks);
          const state = begin();
          const running: Node[] = [];
          const done: string[] = [];
          for (let turn = 0; turn < 1_000; turn += 1) {
            const { ready } = frontier(nodes, state, new Set(running.map(({ id }) => id)));
            const shuffled = ready.toSorted(() => random() - 0.5);
            for (const node of choose(shuffled, running, jobs)) {
              for (const need of node.needs) expect(done).toContain(need);
              expect(done).not.toContain(node.id);
              for (const other of running) {
                expect(node.locks.filter((lock) => other.locks.includes(lock))).toEqual([]);
              }
              running.push(node);
            }
            expect(running.length).toBeLessThanOrEqual(jobs);
            if (running.length === 0) break;
            const [ended] = running.splice(Math.floor(random() * running.length), 1);
            if (ended !== undefined) {
              done.push(ended.id);
              complete(state, ended.id);
            }
          }
          expect(done.toSorted()).toEqual(nodes.map(({ id }) => id).toSorted());
          expect(frontier(nodes, state, new Set()).finished).toBe(true);
        },
      ),
    );
  });

  it('pass over exactly what needs a step that was given up', () => {
    fc.assert(
      fc.property(anyGraph, fc.nat(11), (graph, at) => {
        const nodes = nodesOf(graph).map((node) => ({ ...node, onFailure: 'continue' as const }));
        const lost = nodes[at % nodes.length]?.id ?? '';
        const state = begin();
        const [failed] = numbered([
          { type: 'step.failed', step: lost, attempt: 1, error: { code: 'x', message: 'y' } },
        ]);
        if (failed !== undefined) apply(state, failed);
        const expected = new Set([lost]);
        for (const { id, needs } of nodes) if (needs.some((need) => expected.has(need))) expected.add(id);
        const { ready, unreachable } = frontier(nodes, state, new Set([lost]));
        expect(unreachable.map(({ id }) => id)).toEqual(
          nodes.map(({ id }) => id).filter((id) => expected.has(id) && id !== lost),
        );
        for (const { id } of ready) expect(expected.has(id)).toBe(false);
      }),
    );
  });

  it('are followed step by step to the same as when they are looked for anew, whatever happens', () => {
    const happening = fc.record({
      at: fc.nat(11),
      status: fc.constantFrom('pending', 'started', 'done', 'failed', 'skipped', 'waiting', 'partial'),
      skipped: fc.constantFrom('when', 'already-done', 'failed-need'),
      busy: fc.boolean(),
    } as const);
    fc.assert(
      fc.property(
        anyGraph,
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        fc.array(happening, { maxLength: 30 }),
        (graph, goesOn, happenings) => {
          const nodes = nodesOf(graph).map((node, place) => {
            const onFailure = goesOn[place] === true ? ('continue' as const) : ('stop' as const);
            return { ...node, onFailure };
          });
          const [state, busy] = [begin(), new Set<string>()];
          const front = new FrontLine(nodes, state, busy);
          for (const { at, status, skipped, busy: isBusy } of happenings) {
            const id = nodes[at % nodes.length]?.id ?? '';
            Object.assign(stepState(state, id), { status, skipped });
            if (isBusy) busy.add(id);
            else busy.delete(id);
            front.look(id);
            const { ready, unreachable } = frontier(nodes, state, busy);
            expect({ ready: front.ready, unreachable: front.unreachable }).toEqual({ ready, unreachable });
          }
        },
      ),
    );
  });

  it('begin nothing beside what cannot be undone, and that beside nothing', () => {
    const { nodes } = validate(
      chain()
        .step('a', makes('/a'))
        .step('gone', { irreversible: 'gone', commands: () => [] })
        .step('b', makes('/b')),
      'a test',
    );
    const [a, gone, b] = nodes as [Node, Node, Node];
    expect(choose([a, gone, b], [], 3)).toEqual([a, b]);
    expect(choose([gone], [a], 3)).toEqual([]);
    expect(choose([gone, b], [], 3)).toEqual([gone]);
    expect(choose([a, b], [gone], 3)).toEqual([]);
  });

  it('take steps before gates, and a reboot only when nothing else is left', () => {
    const { nodes } = validate(
      chain()
        .reboot('restart', { instructions: 'x' })
        .confirm('go', { ask: 'x' })
        .check('look', { expect: 'x', run: () => ({ verdict: 'PASS', observed: 'y' }) })
        .step('a', makes('/a')),
      'a test',
    );
    const ids = (ready: readonly Node[], running: readonly Node[] = []) =>
      choose(ready, running, 9).map(({ id }) => id);
    expect(ids(nodes)).toEqual(['look', 'a']);
    expect(ids(nodes.slice(0, 2))).toEqual(['go']);
    expect(ids(nodes.slice(0, 1))).toEqual(['restart']);
    expect(ids(nodes.slice(0, 2), nodes.slice(3))).toEqual([]);
    expect(ids([])).toEqual([]);
  });
});
