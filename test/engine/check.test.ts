import { describe, expect, it } from 'vitest';
import { advance } from '../../src/engine/index.ts';
import { fold } from '../../src/journal/fold.ts';
import { verdictsOf } from '../../src/render/verdicts.ts';
import { chain, makes, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

const says = (verdict: string, more: object = {}) => ({ verdict, observed: `it is ${verdict}`, ...more });

/** A check that asks a program, and gives the finding. */
const check = (finding: object, more: object = {}) => ({
  expect: 'all is well',
  run: async ({ $ }: Unchecked) => {
    await $.anyExit`look at ${'the world'}`;
    return finding;
  },
  ...more,
});

function stageOf(...checks: readonly object[]): Stage {
  const stage = new Stage(
    checks.reduce<Unchecked>((sum, each, index) => sum.check(`c${index + 1}`, each), chain()),
  );
  stage.program('look', () => ({ exitCode: 3, stdout: 'half of it\n', stderr: 'the other half\n' }));
  return stage;
}

const ran = {
  commands: [
    {
      argv: ['look', 'at', 'the world'],
      exitCode: 3,
      ms: 0,
      stdout: 'half of it',
      stderr: 'the other half',
    },
  ],
};

describe('the evidence of a check', () => {
  it('is every command that it ran, with exit code and output, whatever it found, without its doing', async () => {
    const stage = stageOf(...['PASS', 'PARTIAL', 'BLOCKED'].map((verdict) => check(says(verdict))));
    expect(await stage.run()).toMatchObject({ status: 'completed', exitCode: 0 });
    expect(stage.of('step.completed')).toMatchObject([
      { output: says('PASS'), evidence: ran },
      { output: says('PARTIAL'), evidence: ran },
      { output: says('BLOCKED'), evidence: ran },
    ]);
  });

  it('stands beside the finding of a FAIL, and beside the error of a check that threw', async () => {
    const stage = stageOf(
      check(says('FAIL', { evidence: { count: 3 } }), { onFailure: 'continue' }),
      check(
        {},
        {
          run: async ({ $ }: Unchecked) => {
            await $`look at ${'the world'}`;
          },
        },
      ),
    );
    expect(await stage.run()).toMatchObject({ status: 'failed', exitCode: 1 });
    expect(stage.of('step.failed')).toMatchObject([
      {
        error: { code: 'check.failed', message: 'expected all is well; observed it is FAIL' },
        finding: says('FAIL', { evidence: { count: 3 } }),
        evidence: ran,
      },
      { error: { code: 'command.failed' }, evidence: ran },
    ]);
    expect(stage.of('step.failed')[1]).not.toHaveProperty('finding');
  });

  it('holds also what a check asked through the host, and what could not be run at all', async () => {
    const stage = stageOf({
      expect: 'x',
      run: async ({ host }: Unchecked) => {
        await host.exec({ argv: ['look'] }, { anyExit: true });
        await host.exec({ argv: ['nowhere'] }).catch(() => {});
        return says('PASS');
      },
    });
    await stage.run();
    expect(stage.of('step.completed')[0]?.evidence?.commands).toMatchObject([
      { argv: ['look'], exitCode: 3 },
      { argv: ['nowhere'], exitCode: null, error: 'there is no program nowhere' },
    ]);
  });

  it('is bounded: the ends of long outputs, and the latest of many commands, and it says what is left out', async () => {
    const stage = stageOf({
      expect: 'x',
      run: async ({ $ }: Unchecked) => {
        for (let index = 0; index < 60; index += 1)
          // oxlint-disable-next-line no-await-in-loop -- in their order
          await $`long ${index} ${'x'.repeat(100_000)}`;
        return says('PASS');
      },
    });
    stage.program('long', ([which]) => `${'begin\n'.repeat(100_000)}end ${which}\n`);
    await stage.run();
    const [event] = stage.of('step.completed');
    expect(event?.evidence?.omitted).toBe(20);
    expect(event?.evidence?.commands).toHaveLength(40);
    const last = event?.evidence?.commands.at(-1);
    expect(last?.stdout).toMatch(/^begin\n(begin\n)*end 59$/);
    expect(last?.cutChars).toBe(600_006 - (last?.stdout.length ?? 0));
    expect(last?.argv[2]).toBe(`${'x'.repeat(500)}…`);
    expect(JSON.stringify(event).length).toBeLessThan(200_000);
  });

  it('holds no secret of the run, and neither does what the check observed', async () => {
    const stage = stageOf({
      expect: 'x',
      onFailure: 'continue',
      run: async ({ $ }: Unchecked) => {
        const { stdout } = await $`tell`;
        return says('FAIL', { observed: stdout, evidence: { said: [stdout] } });
      },
    });
    stage.secrets = ['canary-4711'];
    stage.program('tell', () => ({ stdout: 'it is canary-4711', stderr: 'canary-4711' }));
    await stage.run();
    for (const place of [stage.journal, stage.told]) {
      expect(JSON.stringify(place)).not.toContain('canary-4711');
      expect(JSON.stringify(place)).toContain('it is ‹secret›');
    }
  });
});

describe('a known limitation', () => {
  const knownLimitation = 'drift is healed by the next activation only';

  it('marks a FAIL and a PARTIAL, which stay what they are: the run ends with 1', async () => {
    const more = { knownLimitation, onFailure: 'continue' };
    const stage = stageOf(check(says('PARTIAL'), more), check(says('FAIL'), more));
    expect(await stage.run()).toMatchObject({
      status: 'ended',
      exitCode: 1,
      message: 'every step is done, and FAIL is the verdict of c2 (known limitation); nothing new failed',
      anew: true,
    });
    expect(stage.of('step.completed')[0]).toMatchObject({ knownLimitation, output: says('PARTIAL') });
    expect(stage.of('step.failed')[0]).toMatchObject({ knownLimitation, finding: says('FAIL') });
    expect(verdictsOf(fold(stage.journal))).toMatchObject([
      { verdict: 'PARTIAL', knownLimitation },
      { verdict: 'FAIL', knownLimitation },
    ]);
  });

  it('does not mark what nobody knew of: a PASS, a BLOCKED, and a check that threw', async () => {
    const more = { knownLimitation, onFailure: 'continue' };
    const stage = stageOf(
      check(says('PASS'), more),
      check(says('BLOCKED'), more),
      check(
        {},
        {
          ...more,
          run: () => {
            throw new Error('no such thing');
          },
        },
      ),
    );
    expect(await stage.run()).toMatchObject({
      ...{ status: 'failed', exitCode: 1, message: 'all else is done, but failed: c3' },
      ...{ hint: 'Mend it, then migrate resume sample-1', anew: true },
    });
    expect(stage.state.status).toBe('running');
    expect(JSON.stringify(stage.journal)).not.toContain(knownLimitation);
    expect(verdictsOf(fold(stage.journal)).map(({ verdict }) => verdict)).toEqual([
      'PASS',
      'BLOCKED',
      'FAIL',
    ]);
  });
});

describe('a check that failed', () => {
  it('is asked again by a resume, and nothing of the earlier answer is left in the state', async () => {
    const answers = [says('FAIL'), says('PASS')];
    const stage = stageOf({ expect: 'x', run: () => answers.shift() });
    await stage.run();
    expect(verdictsOf(stage.state)).toMatchObject([{ verdict: 'FAIL', observed: 'it is FAIL' }]);
    expect(await stage.run()).toMatchObject({ status: 'completed', exitCode: 0 });
    expect(verdictsOf(stage.state)).toMatchObject([{ verdict: 'PASS', observed: 'it is PASS' }]);
    expect(stage.state.steps.get('c1')).toMatchObject({ attempts: 2, finding: undefined, error: undefined });
  });
});

describe('a run of which nothing is left but checks that said FAIL', () => {
  const more = { onFailure: 'continue' };
  const known = { ...more, knownLimitation: 'it is known' };
  const validation = (last: object = {}, so: Unchecked = chain().step('plant', makes('/planted'))) =>
    new Stage(
      so
        .check('known', { expect: 'x', run: () => says('FAIL'), ...known })
        .check('other', { expect: 'x', run: () => says('FAIL'), ...more, ...last }),
    );

  it('is over: what is new is told first, nothing is resumed, and all that it did can be taken back', async () => {
    const stage = validation();
    expect(await stage.run()).toMatchObject({
      ...{ status: 'ended', exitCode: 1, step: 'other', hint: undefined },
      message: 'every step is done, and FAIL is the verdict of other, known (known limitation)',
    });
    expect(stage.journal.at(-1)).toMatchObject({ type: 'run.completed', failed: ['known', 'other'] });
    expect(stage.state.status).toBe('ended');
    await expect(stage.run()).rejects.toThrow(/sample-1 is ended: there is nothing left to resume/);
    expect(await stage.rollBack()).toMatchObject({ status: 'rolled-back', exitCode: 0 });
    expect(stage.files.all.has('/planted')).toBe(false);
  });

  it('goes on from an earlier step once what came after that is undone', async () => {
    const stage = validation();
    await stage.run();
    expect(await stage.rollBack({ to: 'plant' })).toMatchObject({ exitCode: 0 });
    expect(await stage.run()).toMatchObject({ status: 'ended' });
    expect(stage.acts).toEqual(['make /planted']);
  });

  it.each(['before', 'after'] as const)(
    'ends once, also when it is killed right %s its end',
    async (fate) => {
      const stage = validation();
      stage.appendFate = (body) => (body.type === 'run.completed' ? fate : undefined);
      await stage.process(stage.runbook, (session) => advance(session));
      stage.appendFate = () => undefined;
      if (fate === 'before') expect(await stage.run()).toMatchObject({ status: 'ended' });
      expect(stage.of('run.completed')).toHaveLength(1);
      expect(stage.state.status).toBe('ended');
    },
  );

  it('ends, too, when an earlier version has left it open: the next resume asks what had failed', async () => {
    const stage = validation();
    await stage.run();
    stage.journal.pop();
    expect(stage.state.status).toBe('running');
    expect(await stage.run()).toMatchObject({ status: 'ended' });
    expect(stage.of('step.started').map(({ step }) => step)).toEqual([
      ...['plant', 'known', 'other'],
      ...['known', 'other'],
    ]);
  });

  it('leaves open a question that needs what failed, and says which', async () => {
    const stage = validation({ needs: ['known'] });
    expect(await stage.run()).toMatchObject({
      status: 'ended',
      message:
        'every step is done, and FAIL is the verdict of known (known limitation); nothing new failed; not asked, since they need what failed: other',
    });
  });

  it.each([
    [
      'a step that acts needs what failed',
      chain().step('a', makes('/a')),
      { after: makes('/b', { needs: ['other'] }) },
    ],
    [
      'a step has failed',
      chain().step('a', { ...makes('/a'), commands: ({ sh }: Unchecked) => [sh`false`], ...more }),
      {},
    ],
    ['a check stops the run', chain(), { last: { onFailure: 'stop' } }],
    [
      'a check could not answer',
      chain(),
      { last: { run: () => Promise.reject(new Error('no such thing')) } },
    ],
  ] as const)('is no such run while %s', async (_, so: Unchecked, { last = {}, after }: Unchecked) => {
    const checks = so
      .check('known', { expect: 'x', run: () => says('FAIL'), ...known })
      .check('other', { expect: 'x', run: () => says('FAIL'), ...more, ...last });
    const stage = new Stage(after === undefined ? checks : checks.step('after', after));
    expect(await stage.run()).toMatchObject({ status: 'failed', exitCode: 1 });
    expect(stage.state.status).toBe('running');
  });

  it('is no such run where --until ends before its last step', async () => {
    const stage = validation();
    expect(await stage.run({ until: 'known' })).toMatchObject({ status: 'failed', exitCode: 1 });
    expect(stage.state.status).toBe('running');
  });
});

describe('what would unblock a check', () => {
  it('is kept with the finding, and refused beside another verdict', async () => {
    const unblock = 'mount /etc/systemd/user writable';
    const stage = stageOf(
      check(says('BLOCKED', { unblock })),
      check(says('PASS', { unblock }), { onFailure: 'continue' }),
    );
    await stage.run();
    expect(verdictsOf(stage.state)).toMatchObject([
      { verdict: 'BLOCKED', unblock },
      { verdict: 'FAIL', observed: expect.stringContaining('it is not BLOCKED') },
    ]);
  });
});
