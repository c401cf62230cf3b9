import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { record } from '../../src/engine/index.ts';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

const failing = (path: string, more: object = {}) =>
  makes(path, { commands: ({ sh }: Unchecked) => [sh`false`], ...more });

describe('a failure', () => {
  it('stops the run, and says how to go on and back', async () => {
    const stage = new Stage(chain().step('a', failing('/a')).step('b', makes('/b')));
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      exitCode: 1,
      step: 'a',
      message: expect.stringContaining('step "a" failed: false exited with 1'),
      hint: expect.stringMatching(/migrate resume sample-1.*migrate rollback sample-1/s),
    });
    expect(stage.acts).toEqual(['false']);
  });

  it('of a step that may fail lets all else go on, passes over what needs it, and is told at the end', async () => {
    const stage = new Stage(
      chain()
        .step('a', failing('/a', { onFailure: 'continue' }))
        .step('b', makes('/b', { needs: ['a'] }))
        .step('c', makes('/c', { needs: ['b'] }))
        .step('d', makes('/d')),
    );
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      exitCode: 1,
      message: 'all else is done, but failed: a',
    });
    expect(stage.acts).toEqual(['false', 'make /d']);
    expect(stage.of('step.skipped')).toMatchObject([
      { step: 'b', why: 'failed-need' },
      { step: 'c', why: 'failed-need' },
    ]);
    expect(stage.state.status).toBe('running');
  });

  it('of a step that may fail is a failure also where --until ends', async () => {
    const stage = new Stage(
      chain()
        .step('a', failing('/a', { onFailure: 'continue' }))
        .step('b', makes('/b'))
        .step('c', makes('/c')),
    );
    expect(await stage.run({ until: 'b' })).toMatchObject({ status: 'failed', exitCode: 1, step: 'a' });
    expect(stage.acts).toEqual(['false', 'make /b']);
  });

  it('of a step that may fail is tried again by the next resume, and then what needs it', async () => {
    let works = false;
    const stage = new Stage(
      chain()
        .step('a', makes('/a', { onFailure: 'continue' }))
        .step('b', makes('/b', { needs: ['a'] }))
        .step('d', makes('/d')),
    );
    stage.program('make', ([path = '']) => {
      if (path === '/a' && !works) return { exitCode: 1 };
      stage.files.all.set(path, { content: '', mode: 0o644 });
      return undefined;
    });
    expect((await stage.run()).status).toBe('failed');
    works = true;
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.acts).toEqual(['make /a', 'make /d', 'make /a', 'make /b']);
  });

  it('of a step that asks for it takes everything back, and is still a failure', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('b', failing('/b', { needs: ['a'], onFailure: 'rollback' })),
    );
    expect(await stage.run()).toMatchObject({
      status: 'rolled-back',
      exitCode: 1,
      step: 'b',
      message: expect.stringMatching(/step "b" failed: .*everything that this run did is undone/s),
    });
    expect(stage.acts).toEqual(['make /a', 'false', 'remove /a']);
    expect(stage.files.all.size).toBe(0);
  });

  it('of a step that asks for a rollback past the point of no return undoes nothing', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('gone', { irreversible: 'the old copy is gone', commands: () => [], needs: ['a'] })
        .step('b', failing('/b', { needs: ['gone'], onFailure: 'rollback' })),
    );
    stage.answers.accept = () => 'phrase';
    expect(await stage.run()).toMatchObject({ status: 'rollback-incomplete', exitCode: 5 });
    expect(stage.acts).toEqual(['make /a', 'false']);
  });

  it('in a gate that may fail lets the rest go on', async () => {
    const ask = () => {
      throw new Error('no such disk');
    };
    const stage = new Stage(
      chain()
        .confirm('go', { ask, onFailure: 'continue' })
        .step('a', makes('/a'))
        .step('b', makes('/b', { needs: ['go'] })),
    );
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('failed: go'),
    });
    expect(stage.acts).toEqual(['make /a']);
  });

  it('in a gate leaves the gate as it is, for another try', async () => {
    let works = false;
    const ask = () => {
      if (!works) throw new Error('no such disk');
      return 'go on?';
    };
    const stage = new Stage(chain().confirm('go', { ask }));
    stage.answers.confirm = () => 'yes';
    expect(await stage.run()).toMatchObject({ status: 'failed', message: 'step "go" failed: no such disk' });
    works = true;
    expect((await stage.run()).status).toBe('completed');
  });
});

describe('a condition', () => {
  const when = (value: boolean) => ({ when: () => value });

  it('skips steps, checks and gates, and what needs them goes on with an output that is missing', async () => {
    const seen: unknown[] = [];
    const stage = new Stage(
      chain()
        .step('a', { ...makes('/a'), ...when(false) })
        .check('b', { expect: 'x', run: () => ({ verdict: 'FAIL', observed: 'y' }), ...when(false) })
        .confirm('c', { ask: 'x', ...when(false) })
        .reboot('d', { instructions: 'x', ...when(false) })
        .soak('e', { min: '1h', max: '2h', probes: [{ name: 'x', check: () => false }], ...when(false) })
        .step('f', {
          ...blind('/f'),
          needs: ['a', 'b', 'c', 'd', 'e'],
          capture: ({ outputs }: Unchecked) => void seen.push(outputs),
        }),
    );
    expect((await stage.run()).status).toBe('completed');
    expect(stage.acts).toEqual(['make /f']);
    expect(stage.of('step.skipped').map(({ step, why }) => `${step} ${why}`)).toEqual(
      // A reboot is asked for only when nothing else is left to do.
      ['a', 'b', 'c', 'e', 'd'].map((id) => `${id} when`),
    );
    expect(seen).toEqual([{ a: undefined, b: undefined, c: undefined, d: undefined, e: undefined }]);
  });

  it('sees parameters and outputs', async () => {
    const stage = new Stage(
      chain({ params: z.object({ size: z.number() }) })
        .step('a', {
          readonly: true,
          output: z.object({ size: z.number() }),
          describe: 'x',
          run: async () => ({ size: 5 }),
        })
        .step(
          'b',
          makes('/b', {
            needs: ['a'],
            when: ({ params, outputs }: Unchecked) => outputs.a.size > params.size,
          }),
        ),
      { size: 5 },
    );
    await stage.run();
    expect(stage.acts).toEqual([]);
  });

  it('that throws fails the step before it begins', async () => {
    const when = () => {
      throw new Error('no such parameter');
    };
    for (const one of [chain().step('a', makes('/a', { when })), chain().confirm('a', { ask: 'x', when })]) {
      const stage = new Stage(one);
      expect(await stage.run()).toMatchObject({
        status: 'failed',
        message: 'step "a" failed: no such parameter',
      });
      expect(stage.acts).toEqual([]);
    }
  });
});

describe('--until', () => {
  const three = () => chain().step('a', makes('/a')).step('b', makes('/b')).step('c', makes('/c'));

  it('stops well when that step is done, and a resume goes on from there', async () => {
    const stage = new Stage(three());
    expect(await stage.run({ until: 'b' })).toMatchObject({
      status: 'reached',
      exitCode: 0,
      step: 'b',
      hint: 'Go on with: migrate resume sample-1',
    });
    expect(stage.acts).toEqual(['make /a', 'make /b']);
    expect(stage.state.status).toBe('running');
    expect(await stage.run({ until: 'b' })).toMatchObject({ status: 'reached' });
    expect((await stage.run()).status).toBe('completed');
    expect(stage.acts).toHaveLength(3);
  });

  it('completes the run when it names the last step', async () => {
    expect((await new Stage(three()).run({ until: 'c' })).status).toBe('completed');
  });

  it('refuses a step that there is not, before anything is done', async () => {
    const stage = new Stage(chain().step('copy', makes('/a')));
    await expect(stage.run({ until: 'cpoy' })).rejects.toMatchObject({
      code: 'until.no-step',
      exitCode: 2,
      message: expect.stringContaining('Did you mean "copy"?'),
    });
    expect(stage.acts).toEqual([]);
  });
});

describe('a run', () => {
  it('that is over is not gone on with', async () => {
    const stage = new Stage(chain().step('a', makes('/a')));
    await stage.run();
    await expect(stage.run()).rejects.toMatchObject({ code: 'run.over', exitCode: 2 });
    await stage.rollBack();
    await expect(stage.run()).rejects.toMatchObject({ code: 'run.over' });
  });

  it('on its way back does not go forward', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('b', makes('/b', { undo: ({ sh }: Unchecked) => [sh`false`] })),
    );
    await stage.run();
    expect((await stage.rollBack()).status).toBe('rollback-incomplete');
    await expect(stage.run()).rejects.toMatchObject({
      code: 'run.rolling-back',
      hint: expect.stringContaining('migrate rollback sample-1'),
    });
    expect(stage.acts).toEqual(['make /a', 'make /b', 'false']);
  });

  it('whose copy was left behind is closed, and names the place where it goes on', async () => {
    const stage = new Stage(chain().step('a', makes('/a')).confirm('b', { ask: 'x' }));
    await stage.run();
    await stage.do((session) => record(session, { type: 'run.moved', to: '/mnt/state' }));
    await expect(stage.run()).rejects.toMatchObject({
      code: 'run.moved',
      exitCode: 6,
      hint: expect.stringContaining('/mnt/state'),
    });
  });

  it('pins parameters that JSON would change not at all', async () => {
    const stage = new Stage(chain().step('a', makes('/a')), { since: new Date(0) });
    await expect(stage.run()).rejects.toMatchObject({
      code: 'params.json',
      message: expect.stringContaining('since is a Date'),
    });
    expect(stage.journal).toEqual([]);
  });
});
