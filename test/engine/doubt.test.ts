import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { settle } from '../../src/engine/index.ts';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

type Ending = 'started' | 'failed' | 'interrupted';

/** A run whose only step was begun once, and ended so. */
async function begun(step: object, ending: Ending): Promise<Stage> {
  const stage = new Stage(chain().step('a', step));
  if (ending === 'started') stage.diesAt = (point) => point === 'after-intent';
  stage.program('make', () => {
    if (ending === 'interrupted') stage.interruption.abort('SIGINT');
    return { exitCode: 1 };
  });
  const outcome = await stage.tryRun();
  if (ending === 'started') expect(outcome).toBe(killed);
  else expect(outcome).toMatchObject({ status: ending });
  stage.diesAt = () => false;
  stage.interruption = new AbortController();
  stage.acts.length = 0;
  stage.program('make', ([path = '']) => {
    stage.files.all.set(path, { content: '', mode: 0o644 });
  });
  return stage;
}

const endings: Ending[] = ['started', 'failed', 'interrupted'];

describe.each(endings)('a step whose attempt was %s', (ending) => {
  const answering = (first: unknown, more: object = {}) => {
    const answers = ['not-started', first];
    return blind('/a', { probe: () => answers.shift() ?? 'not-started', ...more });
  };

  it.each([true, false])(
    'is checkpointed without running again when its probe says done (idempotent: %s)',
    async (idempotent) => {
      const stage = await begun(answering('done', { idempotent }), ending);
      expect(await stage.run()).toMatchObject({ status: 'completed' });
      expect(stage.acts).toEqual([]);
      expect(stage.of('step.completed')).toMatchObject([{ by: 'probe', attempt: 1 }]);
    },
  );

  it.each([true, false])(
    'runs again when its probe says not-started (idempotent: %s)',
    async (idempotent) => {
      const stage = await begun(answering('not-started', { idempotent }), ending);
      expect(await stage.run()).toMatchObject({ status: 'completed' });
      expect(stage.acts).toEqual(['make /a']);
      expect(stage.of('step.settled')).toMatchObject([{ as: 'not-started', by: 'probe' }]);
      expect(stage.of('step.completed')).toMatchObject([{ by: 'act', attempt: 2 }]);
    },
  );

  it('runs again when its probe says partial and it is idempotent', async () => {
    const stage = await begun(answering('partial', { idempotent: true }), ending);
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.of('step.settled')).toMatchObject([{ as: 'partial', by: 'probe' }]);
    expect(stage.acts).toEqual(['make /a']);
  });

  it('stays in doubt when its probe says partial and it is not idempotent', async () => {
    const stage = await begun(answering('partial'), ending);
    expect(await stage.run()).toMatchObject({ status: 'waiting', exitCode: 3, step: 'a' });
    expect(stage.acts).toEqual([]);
  });

  it.each([
    ['unknown', 'the probe cannot tell'],
    [{ unknown: 'the disk is away' }, 'the disk is away'],
    ['nonsense', 'its probe answered nonsense'],
  ])('stays in doubt when its probe says %j, also when it is idempotent', async (answer, why) => {
    const stage = await begun(answering(answer, { idempotent: true }), ending);
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ status: 'waiting', exitCode: 3 });
    expect(outcome.message).toContain(why);
    expect(outcome.hint).toContain("migrate settle sample-1 a --done --why '…'\n");
    expect(outcome.hint).toContain("migrate settle sample-1 a --not-started --why '…'");
    expect(stage.acts).toEqual([]);
  });

  it('is in doubt without a probe, and says how to settle it', async () => {
    const stage = await begun(blind('/a'), ending);
    const outcome = await stage.run();
    expect(outcome).toMatchObject({ status: 'waiting', exitCode: 3, step: 'a' });
    expect(outcome.message).toContain('it has no probe that could tell');
    expect(stage.acts).toEqual([]);
  });

  it('runs again without a probe when it is idempotent', async () => {
    const stage = await begun(blind('/a', { idempotent: true }), ending);
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.of('step.settled')).toMatchObject([{ as: 'partial', by: 'idempotent' }]);
  });

  it('runs again without a probe when it only reads', async () => {
    const stage = await begun({ readonly: true, commands: ({ sh }: Unchecked) => [sh`make /a`] }, ending);
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('is looked at again in each process, since the world may have changed', async () => {
    const answers: unknown[] = ['not-started', 'unknown', 'unknown', 'done'];
    const stage = await begun(blind('/a', { probe: () => answers.shift() }), ending);
    expect((await stage.run()).status).toBe('waiting');
    expect((await stage.run()).status).toBe('waiting');
    expect((await stage.run()).status).toBe('completed');
  });

  it('is not skipped, whatever its condition says by now', async () => {
    let wanted = true;
    const stage = await begun(blind('/a', { when: () => wanted }), ending);
    wanted = false;
    expect(await stage.run()).toMatchObject({ status: 'waiting', exitCode: 3 });
    expect(stage.of('step.skipped')).toEqual([]);
  });
});

describe('a probe that finds a step done', () => {
  const sized = (probe: () => unknown, more: object = {}) =>
    blind('/a', { output: z.object({ size: z.number() }), result: () => ({ size: 1 }), probe, ...more });

  it('gives its output, which is checked and handed on', async () => {
    const answers: unknown[] = ['not-started', { done: { size: 9, more: true } }];
    const stage = await begun(
      sized(() => answers.shift()),
      'started',
    );
    expect((await stage.run()).status).toBe('completed');
    expect(stage.of('step.completed')).toMatchObject([{ by: 'probe', output: { size: 9 } }]);
  });

  it('does not complete the step with an output that does not fit', async () => {
    const answers: unknown[] = ['not-started', { done: { size: 'much' } }, 'done', { done: { size: 2 } }];
    const stage = await begun(
      sized(() => answers.shift()),
      'started',
    );
    expect(await stage.run()).toMatchObject({ status: 'failed' });
    expect(await stage.run()).toMatchObject({ status: 'failed' });
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.acts).toEqual([]);
  });

  it('does not complete the step when it does not verify', async () => {
    const answers: unknown[] = ['not-started', 'done'];
    const verify = () => Promise.reject(new Error('the sums differ'));
    const stage = await begun(blind('/a', { probe: () => answers.shift() ?? 'done', verify }), 'started');
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('the sums differ'),
    });
    expect(stage.state.steps.get('a')?.status).toBe('failed');
    expect(stage.acts).toEqual([]);
  });

  it('sees what was captured before the first attempt', async () => {
    const seen: unknown[] = [];
    const probe = ({ captured }: Unchecked) => {
      seen.push(captured);
      return seen.length === 1 ? 'not-started' : 'done';
    };
    const stage = await begun(blind('/a', { capture: () => ({ inode: '7' }), probe }), 'started');
    await stage.run();
    expect(seen).toEqual([{ inode: '7' }, { inode: '7' }]);
  });
});

describe('settle', () => {
  it('takes a person at their word that it is done, with the reason', async () => {
    const stage = await begun(blind('/a'), 'started');
    await stage.do((session) => settle(session, 'a', 'done', 'I looked'));
    expect(stage.of('step.completed')).toMatchObject([{ by: 'person', why: 'I looked', verified: false }]);
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.acts).toEqual([]);
  });

  it('verifies a claimed result where the step can, and leaves the doubt when it does not hold', async () => {
    let holds = false;
    const verify = () => (holds ? undefined : Promise.reject(new Error('not mounted')));
    const stage = await begun(blind('/a', { verify }), 'started');
    await expect(stage.do((session) => settle(session, 'a', 'done', 'I looked'))).rejects.toThrow(
      'not mounted',
    );
    expect(stage.state.steps.get('a')?.status).toBe('started');
    holds = true;
    await stage.do((session) => settle(session, 'a', 'done', 'mounted it'));
    expect(stage.of('step.completed')).toMatchObject([{ by: 'person', verified: true }]);
  });

  it('asks for the output of a step that has one, and checks it', async () => {
    const stage = await begun(
      blind('/a', { output: z.object({ size: z.number() }), result: () => ({ size: 1 }) }),
      'started',
    );
    const done = (output?: unknown) => stage.do((session) => settle(session, 'a', 'done', 'x', output));
    await expect(done()).rejects.toMatchObject({
      code: 'settle.output',
      hint: expect.stringContaining('--output'),
    });
    await expect(done({ size: 'x' })).rejects.toMatchObject({ code: 'step.output' });
    await done({ size: 3 });
    expect(stage.state.steps.get('a')).toMatchObject({ status: 'done', output: { size: 3 } });
  });

  it('lets the step run again when a person says that it was not started, and keeps the first capture', async () => {
    let captures = 0;
    const stage = await begun(blind('/a', { capture: () => ({ number: (captures += 1) }) }), 'started');
    await stage.do((session) => settle(session, 'a', 'not-started', 'nothing there'));
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(captures).toBe(1);
  });

  it('forgets the step when a person says that they undid it, so that it is captured anew', async () => {
    let captures = 0;
    const stage = await begun(blind('/a', { capture: () => ({ number: (captures += 1) }) }), 'failed');
    await stage.do((session) => settle(session, 'a', 'undone', 'removed it'));
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(captures).toBe(2);
  });

  it('refuses an unknown step, one that is not in doubt, and an empty reason', async () => {
    const stage = await begun(blind('/a'), 'started');
    const attempt = (step: string, as: 'done' | 'undone', why: string) =>
      stage.do((session) => settle(session, step, as, why));
    await expect(attempt('aa', 'done', 'x')).rejects.toMatchObject({
      code: 'settle.no-step',
      message: expect.stringContaining('Did you mean "a"?'),
    });
    await expect(attempt('a', 'done', '  ')).rejects.toMatchObject({ code: 'settle.why' });
    await attempt('a', 'done', 'x');
    await expect(attempt('a', 'done', 'x')).rejects.toMatchObject({
      code: 'settle.not-in-doubt',
      exitCode: 2,
    });
  });

  it('refuses a step that has not begun', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('b', { ...makes('/b'), needs: ['a'] }),
    );
    stage.program('make', () => ({ exitCode: 1 }));
    await stage.run();
    for (const as of ['done', 'not-started', 'undone'] as const) {
      await expect(stage.do((session) => settle(session, 'b', as, 'x'))).rejects.toMatchObject({
        code: 'settle.not-in-doubt',
      });
    }
  });
});
