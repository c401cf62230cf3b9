import { describe, expect, it } from 'vitest';
import { chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const minute = 60_000;
let holds = true;
let proofs = 0;

function cleaning(): Stage {
  holds = true;
  proofs = 0;
  const verify = () => {
    proofs += 1;
    if (!holds) throw new Error('the sums differ');
  };
  return new Stage(
    chain()
      .step('copy', makes('/copy', { verify }))
      .soak('settle', {
        ...{ needs: ['copy'], min: '10m', max: '30m', maxGap: '20m', fresh: ['copy'] },
        probes: [{ name: 'up', check: () => true }],
      })
      .step('cleanup', {
        needs: ['settle'],
        irreversible: 'the old copy is gone',
        commands: ({ sh }: Unchecked) => [sh`remove /old`],
      }),
  );
}

/** Up to the moment when only consent is missing. */
async function soaked(): Promise<Stage> {
  const stage = cleaning();
  await stage.run();
  stage.clock.pass(10 * minute);
  expect(await stage.run()).toMatchObject({ status: 'waiting', step: 'cleanup' });
  return stage;
}

describe('consent to what cannot be undone', () => {
  it('is asked for with the reason, and without it the run waits and says how to give it', async () => {
    const stage = await soaked();
    const asked: unknown[] = [];
    stage.answers.accept = (...question) => (asked.push(question), 'no');
    expect(await stage.run()).toMatchObject({
      status: 'waiting',
      exitCode: 3,
      message: 'step "cleanup" cannot be undone: the old copy is gone',
      hint: 'When you are sure: migrate resume sample-1 --accept-irreversible cleanup',
    });
    expect(asked).toEqual([['cleanup', 'the old copy is gone']]);
    expect(stage.acts).toEqual(['make /copy']);
  });

  it('is not given by --yes, which answers confirmations only', async () => {
    const stage = await soaked();
    stage.answers.confirm = () => 'flag';
    expect((await stage.run()).status).toBe('waiting');
    expect(stage.of('irreversible.accepted')).toEqual([]);
  });

  it.each(['phrase', 'flag'] as const)('is given by %s once the soak had opened before', async (by) => {
    const stage = await soaked();
    stage.answers.accept = () => by;
    expect((await stage.run()).status).toBe('completed');
    expect(stage.of('irreversible.accepted')).toMatchObject([{ step: 'cleanup', by }]);
    expect(stage.acts).toEqual(['make /copy', 'remove /old']);
  });

  it('does not count when the flag was given before the soak had opened', async () => {
    const stage = cleaning();
    stage.answers.accept = () => 'flag';
    expect(await stage.run({ wait: true })).toMatchObject({
      status: 'waiting',
      step: 'cleanup',
      hint: expect.stringContaining('before the soak had opened does not count'),
    });
    expect(stage.of('gate.opened')).toHaveLength(1);
    expect(stage.acts).toEqual(['make /copy']);
    expect((await stage.run()).status).toBe('completed');
  });

  it('is remembered over a crash, and not asked for twice', async () => {
    const stage = await soaked();
    stage.answers.accept = () => 'phrase';
    stage.appendFate = ({ type }) => (type === 'irreversible.accepted' ? 'after' : undefined);
    expect(await stage.tryRun()).toBe(killed);
    stage.appendFate = () => undefined;
    stage.answers.accept = () => {
      throw new Error('not again');
    };
    expect((await stage.run()).status).toBe('completed');
  });

  it('lapses when the run goes back, so that it cannot reach beyond a second soak', async () => {
    const stage = await soaked();
    stage.answers.accept = () => 'phrase';
    stage.appendFate = ({ type }) => (type === 'irreversible.accepted' ? 'after' : undefined);
    expect(await stage.tryRun()).toBe(killed);
    stage.appendFate = () => undefined;
    stage.answers.accept = () => 'absent';
    await stage.rollBack({ to: 'copy' });
    await stage.run();
    stage.clock.pass(10 * minute);
    expect(await stage.run()).toMatchObject({ status: 'waiting', step: 'cleanup' });
    expect(stage.acts).toEqual(['make /copy']);
  });

  it('is asked for at once where there is no soak', async () => {
    const stage = new Stage(
      chain().step('gone', { irreversible: 'gone', commands: ({ sh }: Unchecked) => [sh`true`] }),
    );
    stage.answers.accept = () => 'flag';
    expect((await stage.run()).status).toBe('completed');
  });

  it('is not asked for when the probe finds that it is done', async () => {
    const stage = new Stage(
      chain().step('gone', { irreversible: 'gone', commands: () => [], probe: () => 'done' }),
    );
    expect((await stage.run()).status).toBe('completed');
  });
});

describe('the evidence for what cannot be undone', () => {
  it('is renewed when it is too old by then, although the gate has long opened', async () => {
    const stage = await soaked();
    expect(proofs).toBe(1);
    stage.clock.pass(40 * minute);
    stage.answers.accept = () => 'flag';
    expect((await stage.run()).status).toBe('completed');
    expect(proofs).toBe(2);
    const types = stage.types();
    expect(types.lastIndexOf('step.verified')).toBeLessThan(types.lastIndexOf('step.started'));
  });

  it('must hold, or nothing irreversible begins', async () => {
    const stage = await soaked();
    stage.clock.pass(40 * minute);
    holds = false;
    stage.answers.accept = () => {
      throw new Error('nobody is to be asked for what cannot be done');
    };
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      message: 'step "cleanup" failed: "copy" no longer verifies: the sums differ',
    });
    expect(stage.acts).toEqual(['make /copy']);
    expect(stage.state.steps.get('cleanup')?.status ?? 'pending').toBe('pending');
  });

  it('is renewed also when it grew old while consent was thought over', async () => {
    const stage = await soaked();
    stage.answers.accept = () => {
      stage.clock.pass(40 * minute);
      return 'phrase';
    };
    expect((await stage.run()).status).toBe('completed');
    expect(proofs).toBe(2);
  });
});
