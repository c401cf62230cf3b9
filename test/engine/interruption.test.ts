import { beforeEach, describe, expect, it } from 'vitest';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

let stage: Stage;

/** A question to the machine that takes for ever, unless it is ended. */
const look = async ({ $ }: Unchecked) => {
  await $`look`;
  return 'not-started';
};

function on(chainOf: Unchecked): Stage {
  stage = new Stage(chainOf);
  stage.program('look', (_, { signal }) => {
    setTimeout(() => stage.interruption.abort('SIGTERM'), 1);
    return new Promise((_resolve, reject) => {
      if (signal?.aborted) reject(new Error('interrupted'));
      signal?.addEventListener('abort', () => reject(new Error('interrupted')));
    });
  });
  return stage;
}

const interrupted = { status: 'interrupted', exitCode: 130, message: expect.stringContaining('SIGTERM') };

describe('an interruption while the machine is asked', () => {
  let asks = true;
  const sometimes = (context: Unchecked) => (asks ? look(context) : undefined);
  beforeEach(() => {
    asks = true;
  });

  it.each([
    ['probes before it begins', { probe: look }],
    ['captures', { capture: look }],
  ])('ends a step that %s, and leaves no trace of it', async (_, more) => {
    expect(await on(chain().step('a', blind('/a', more))).run()).toMatchObject(interrupted);
    expect(stage.types()).toEqual(['run.started', 'run.interrupted']);
  });

  it('ends a verification, and leaves the step in doubt', async () => {
    expect(await on(chain().step('a', blind('/a', { verify: look }))).run()).toMatchObject(interrupted);
    expect(stage.state.steps.get('a')?.status).toBe('interrupted');
  });

  it('leaves a doubt as it was', async () => {
    asks = false;
    on(
      chain().step('a', makes('/a', { probe: (context: Unchecked) => sometimes(context) ?? 'not-started' })),
    );
    stage.program('make', () => ({ exitCode: 1 }));
    await stage.run();
    asks = true;
    expect(await stage.run()).toMatchObject(interrupted);
    expect(stage.of('step.settled')).toEqual([]);
    expect(stage.state.steps.get('a')?.status).toBe('failed');
  });

  it('ends a check', async () => {
    expect(await on(chain().check('a', { expect: 'x', run: look })).run()).toMatchObject(interrupted);
  });

  it('ends the sampling of a soak without a sample, since a question cut short says nothing of health', async () => {
    const probes = [{ name: 'up', check: look }];
    expect(await on(chain().soak('a', { min: '1h', max: '2h', probes })).run()).toMatchObject(interrupted);
    expect(stage.of('gate.sampled')).toEqual([]);
  });

  it('ends the proof that a soak keeps fresh, without calling it broken', async () => {
    asks = false;
    on(
      chain()
        .step('a', makes('/a', { verify: sometimes }))
        .soak('s', {
          ...{ needs: ['a'], min: '5m', max: '1m', fresh: ['a'] },
          probes: [{ name: 'up', check: () => true }],
        }),
    );
    await stage.run();
    stage.clock.pass(300_000);
    asks = true;
    expect(await stage.run()).toMatchObject(interrupted);
    expect(stage.of('gate.opened')).toEqual([]);
  });

  it('ends what is asked after a reboot, and what is asked of work by hand', async () => {
    on(chain().reboot('a', { instructions: 'x', verify: look }));
    await stage.run();
    stage.reboot();
    expect(await stage.run()).toMatchObject(interrupted);
    expect(await on(chain().manual('a', { instructions: 'x', probe: look })).run()).toMatchObject(
      interrupted,
    );
    expect(stage.of('gate.opened')).toEqual([]);
  });

  it('ends a rollback where it is, before the undo and after it', async () => {
    let countdown = 2;
    const probe = (context: Unchecked) => ((countdown -= 1) === 0 ? look(context) : 'done');
    for (const asksAt of [1, 2]) {
      countdown = Infinity;
      on(
        chain().step(
          'a',
          blind('/a', {
            probe: (context: Unchecked) => (countdown === Infinity ? 'not-started' : probe(context)),
          }),
        ),
      );
      await stage.run();
      countdown = asksAt;
      expect(await stage.rollBack()).toMatchObject(interrupted);
      expect(stage.of('undo.failed')).toEqual([]);
      expect(stage.acts.length).toBe(asksAt);
    }
  });

  it('ends the proof of what was undone before a boot', async () => {
    asks = false;
    on(
      chain()
        .step(
          'a',
          blind('/a', {
            effective: 'at-boot',
            probe: (context: Unchecked) => sometimes(context) ?? 'not-started',
            undo: () => [{ restore: '/x', content: null }],
          }),
        )
        .reboot('b', { instructions: 'x', needs: ['a'] }),
    );
    await stage.run();
    stage.reboot();
    await stage.run();
    asks = true;
    expect(await stage.rollBack()).toMatchObject(interrupted);
    stage.interruption = new AbortController();
    asks = false;
    expect((await stage.rollBack()).status).toBe('waiting');
    stage.reboot();
    expect((await stage.rollBack()).status).toBe('rolled-back');
  });

  it('asks an irreversible step in doubt no further', async () => {
    asks = false;
    on(
      chain().step('a', {
        irreversible: 'x',
        probe: (context: Unchecked) => sometimes(context) ?? 'not-started',
        commands: ({ sh }: Unchecked) => [sh`false`],
      }),
    );
    stage.answers.accept = () => 'phrase';
    await stage.run();
    asks = true;
    expect(await stage.rollBack()).toMatchObject(interrupted);
    expect(stage.of('rollback.started')).toEqual([]);
  });
});

describe('a time limit', () => {
  it('ends what an act asks of the machine, too', async () => {
    const run = async ({ $ }: Unchecked) => $`look`;
    on(chain().step('a', { readonly: true, describe: 'x', run, timeout: 10 }));
    stage.program(
      'look',
      (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('ended'))),
        ),
    );
    expect((await stage.run()).message).toContain('took longer than its limit');
  });
});

describe('advance', () => {
  it('does not take a run without its runbook for one that is complete', async () => {
    const { advance } = await import('../../src/engine/index.ts');
    on(chain().confirm('a', { ask: 'x' }));
    await stage.run();
    await expect(stage.process(undefined, (session) => advance(session))).rejects.toMatchObject({
      code: 'run.no-runbook',
    });
  });
});
