import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Node } from '../../src/runbook/index.ts';
import { blind, chain, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

/** Programs that a test lets end one by one. */
function held(stage: Stage) {
  const running = new Map<string, () => void>();
  stage.program(
    'make',
    ([path = '']) => new Promise((resolve) => running.set(path, () => resolve(undefined))),
  );
  // In memory all goes on in a few turns of the event loop, however long each takes.
  const settle = async () => {
    for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  };
  return {
    async running() {
      await settle();
      return [...running.keys()];
    },
    async end(path: string) {
      await settle();
      running.get(path)?.();
      running.delete(path);
      await settle();
    },
  };
}

function shuffled(seed: number) {
  return (ready: readonly Node[]): readonly Node[] => {
    let state = seed;
    const rank = new Map(
      ready.map(({ id }) => [id, (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648)]),
    );
    return ready.toSorted((a, b) => (rank.get(a.id) ?? 0) - (rank.get(b.id) ?? 0));
  };
}

describe('independent steps', () => {
  it('run one at a time unless more jobs are allowed', async () => {
    const stage = new Stage(chain().step('a', blind('/a')).step('b', blind('/b')));
    const programs = held(stage);
    const done = stage.run();
    expect(await programs.running()).toEqual(['/a']);
    await programs.end('/a');
    expect(await programs.running()).toEqual(['/b']);
    await programs.end('/b');
    expect((await done).status).toBe('completed');
  });

  it('run beside each other as far as jobs, needs and locks allow', async () => {
    const stage = new Stage(
      chain()
        .step('a', blind('/a', { locks: ['disk'] }))
        .step('b', blind('/b', { locks: ['disk'] }))
        .step('c', blind('/c'))
        .step('d', blind('/d', { needs: ['a'] }))
        .step('e', blind('/e')),
    );
    const programs = held(stage);
    const done = stage.run({ jobs: 2 });
    expect(await programs.running()).toEqual(['/a', '/c']);
    await programs.end('/c');
    expect(await programs.running()).toEqual(['/a', '/e']);
    await programs.end('/a');
    expect(await programs.running()).toEqual(['/e', '/b']);
    await programs.end('/b');
    await programs.end('/e');
    await programs.end('/d');
    expect((await done).status).toBe('completed');
  });

  it('end before a gate is asked about', async () => {
    const asked: string[][] = [];
    const stage = new Stage(
      chain().confirm('go', { ask: 'x' }).step('a', blind('/a')).step('b', blind('/b')),
    );
    stage.answers.confirm = () => {
      asked.push([...stage.acts]);
      return 'yes';
    };
    await stage.run({ jobs: 3 });
    expect(asked).toEqual([['make /a', 'make /b']]);
  });

  it('come to their own end when one of them fails, and none begins after that', async () => {
    const stage = new Stage(chain().step('a', blind('/a')).step('b', blind('/b')).step('c', blind('/c')));
    const running = new Map<string, (code: number) => void>();
    stage.program(
      'make',
      ([path = '']) => new Promise((resolve) => running.set(path, (exitCode) => resolve({ exitCode }))),
    );
    const done = stage.run({ jobs: 2 });
    await vi.waitFor(() => expect([...running.keys()]).toEqual(['/a', '/b']));
    running.get('/a')?.(1);
    await vi.waitFor(() => expect(stage.of('step.failed')).toHaveLength(1));
    running.get('/b')?.(0);
    expect(await done).toMatchObject({ status: 'failed', step: 'a' });
    expect(stage.state.steps.get('b')?.status).toBe('done');
    expect(stage.acts).toEqual(['make /a', 'make /b']);
  });

  it('are ended before an unwritable journal is reported', async () => {
    const stage = new Stage(chain().step('a', blind('/a')).step('b', blind('/b')));
    let ended = false;
    stage.program('make', ([path], { signal }) =>
      path === '/a'
        ? undefined
        : new Promise((resolve) => signal?.addEventListener('abort', () => resolve(void (ended = true)))),
    );
    stage.appendFate = (body) => (body.type === 'step.completed' && body.step === 'a' ? 'fails' : undefined);
    await expect(stage.run({ jobs: 2 })).rejects.toMatchObject({ code: 'journal.unwritable' });
    expect(ended).toBe(true);
  });

  it('are all interrupted together', async () => {
    const stage = new Stage(chain().step('a', blind('/a')).step('b', blind('/b')));
    let running = 0;
    stage.program('make', (_, { signal }) => {
      running += 1;
      if (running === 2) queueMicrotask(() => stage.interruption.abort('SIGINT'));
      return new Promise((resolve) => signal?.addEventListener('abort', () => resolve({ exitCode: null })));
    });
    expect((await stage.run({ jobs: 2 })).status).toBe('interrupted');
    expect(stage.of('step.interrupted').map(({ step }) => step)).toEqual(['a', 'b']);
    expect(stage.of('run.interrupted')).toHaveLength(1);
  });

  it('keep the state true to the journal, whatever their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 4 }), async (seed, jobs) => {
        const steps = ['a', 'b', 'c', 'd', 'e', 'f'];
        const stage = new Stage(steps.reduce<Unchecked>((so, id) => so.step(id, blind(`/${id}`)), chain()));
        let turn = seed;
        stage.program('make', async () => {
          turn = (turn * 7 + 3) % 5;
          for (let wait = 0; wait < Math.abs(turn); wait += 1) await Promise.resolve();
        });
        // The stage compares the state with a fold of the journal at the end of every process.
        expect((await stage.run({ jobs, shuffle: shuffled(seed) })).status).toBe('completed');
      }),
      { numRuns: 30 },
    );
  });
});

describe('a shuffle of what is ready', () => {
  // `b` reads what `a` makes, and does not say so.
  const missingEdge = () =>
    chain()
      .step('a', blind('/a'))
      .step('b', blind('/b', { commands: ({ sh }: Unchecked) => [sh`needs /a`, sh`make /b`] }));
  const attempt = async (seed: number) => {
    const stage = new Stage(missingEdge());
    stage.program('needs', ([path = '']) => ({ exitCode: stage.files.all.has(path) ? 0 : 1 }));
    return (await stage.run({ shuffle: shuffled(seed) })).status;
  };

  it('shows an edge that the page order hides', async () => {
    const stage = new Stage(missingEdge());
    stage.program('needs', ([path = '']) => ({ exitCode: stage.files.all.has(path) ? 0 : 1 }));
    expect((await stage.run()).status).toBe('completed');
    const outcomes = new Set<string>();
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) outcomes.add(await attempt(seed));
    expect(outcomes).toEqual(new Set(['completed', 'failed']));
  });

  it('gives the same order for the same seed', async () => {
    expect(await attempt(3)).toBe(await attempt(3));
  });
});
