import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { survey, type SurveyedStep } from '../../src/engine/index.ts';
import { chain, makes, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

const sized = (size: number, more: object = {}) => ({
  output: z.object({ size: z.number() }),
  describe: 'measures',
  run: async () => ({ size }),
  readonly: true,
  ...more,
});

function surveyed(stage: Stage): Promise<readonly SurveyedStep[]> {
  return stage.do((session) => survey(stage.runbook, session.state, '/state/run', session.ports.host));
}

/** A run that waits at its first gate. */
async function begun(rest: (so: Unchecked) => Unchecked, params: object = {}): Promise<Stage> {
  const stage = new Stage(rest(chain()), params);
  stage.appendFate = (_, seq) => (seq === 2 ? 'before' : undefined);
  await stage.tryRun();
  stage.appendFate = () => undefined;
  return stage;
}

describe('survey', () => {
  it('changes nothing, neither in the journal nor on the machine', async () => {
    const stage = await begun((so) => so.step('a', makes('/a')).confirm('b', { ask: 'x' }));
    const before = stage.journal.length;
    await surveyed(stage);
    expect([stage.journal.length, stage.acts, stage.files.all.size]).toEqual([before, [], 0]);
  });

  it('shows the exact commands, and how each step is undone', async () => {
    const stage = await begun((so) =>
      so.step('a', {
        ...makes('/a'),
        capture: () => ({ name: 'a b' }),
        commands: ({ captured, sh }: Unchecked) => [sh`make ${captured.name}`],
        undo: ({ captured }: Unchecked) => [{ restore: `/${captured.name}`, content: null }],
      }),
    );
    expect(await surveyed(stage)).toMatchObject([
      { standing: 'to-do', does: ["make 'a b'"], undoes: ['restore /a b'] },
    ]);
  });

  it('shows a name in place of a value that is not known yet', async () => {
    const stage = await begun((so) =>
      so.step('a', sized(1)).step('b', {
        ...makes('/b'),
        needs: ['a'],
        commands: ({ outputs, captured, sh }: Unchecked) => [sh`make ${outputs.a.size} ${captured.name}`],
      }),
    );
    expect((await surveyed(stage))[1]).toMatchObject({
      standing: 'to-do',
      does: ['make ‹a.size› ‹b.captured.name›'],
    });
  });

  it('knows what a step gives that is already satisfied', async () => {
    const stage = await begun((so) =>
      so.step('a', sized(1, { probe: () => ({ done: { size: 7 } }) })).step('b', {
        ...makes('/b'),
        needs: ['a'],
        commands: ({ outputs, sh }: Unchecked) => [sh`make ${outputs.a.size}`],
      }),
    );
    expect(await surveyed(stage)).toMatchObject([
      { standing: 'satisfied' },
      { standing: 'to-do', does: ['make 7'] },
    ]);
  });

  it.each([
    ['partial', 'partial', undefined],
    ['unknown', 'unknown', undefined],
    [{ unknown: 'no pool' }, 'unknown', 'no pool'],
  ])('tells what a probe that answers %j means', async (answer, standing, problem) => {
    const stage = await begun((so) => so.step('a', makes('/a', { probe: () => answer })));
    expect(await surveyed(stage)).toMatchObject([{ standing, problem }]);
  });

  it('judges a condition only by what is known', async () => {
    const stage = await begun(
      (so) =>
        so
          .step('a', sized(1))
          .step('b', makes('/b', { needs: ['a'], when: ({ outputs }: Unchecked) => outputs.a.size === 1 }))
          .step('c', makes('/c', { needs: ['a'], when: ({ params }: Unchecked) => params.wanted })),
      { wanted: false },
    );
    expect((await surveyed(stage)).map(({ standing }) => standing)).toEqual(['to-do', 'to-do', 'skipped']);
  });

  it('tells what is wrong with a step of which everything is known', async () => {
    const use = {
      operation: 'copy',
      version: 1,
      input: z.object({ from: z.string().startsWith('/') }),
      reversal: 'readonly',
      commands: ({ input, sh }: Unchecked) => [sh`make ${input.from}`],
    };
    const stage = await begun((so) =>
      so
        .step('wrong', { use, with: () => ({ from: 'x' }) })
        .step('fine', { use, with: () => ({ from: '/x' }) })
        .step(
          'odd',
          makes('/odd', { commands: ({ params, sh }: Unchecked) => [sh`make ${params.missing}`] }),
        ),
    );
    expect(await surveyed(stage)).toMatchObject([
      {
        standing: 'unknown',
        problem: expect.stringContaining('gives copy what it does not take'),
        does: ['make x'],
      },
      { standing: 'to-do', does: ['make /x'] },
      { standing: 'unknown', problem: expect.stringContaining('was given undefined') },
    ]);
  });

  it('previews what is to do, and not what is satisfied', async () => {
    const preview = async () => ({ summary: '46 GB', facts: { bytes: 46e9 } });
    const stage = await begun((so) =>
      so.step('a', makes('/a', { preview })).step('b', makes('/b', { preview, probe: () => 'done' })),
    );
    expect(await surveyed(stage)).toMatchObject([{ preview: { summary: '46 GB' } }, { preview: undefined }]);
  });

  it('shows gates, checks and what cannot be undone', async () => {
    const stage = await begun(
      (so) =>
        so
          .confirm('a', { ask: ({ params }: Unchecked) => `move ${params.what}?` })
          .manual('b', { instructions: 'plug it in' })
          .reboot('c', { instructions: 'wsl --shutdown' })
          .soak('d', { min: '24h', max: '48h', probes: [{ name: 'units', check: () => true }] })
          .check('e', { expect: 'a disk', run: () => ({ verdict: 'PASS', observed: 'x' }) })
          .step('f', { irreversible: 'the old copy is gone', commands: () => [] }),
      { what: '/home' },
    );
    expect((await surveyed(stage)).map(({ does, undoes }) => [...does, ...undoes].join())).toEqual([
      'asks: move /home?',
      'waits for a person: plug it in',
      'waits for a reboot: wsl --shutdown',
      'waits for 24h of observed healthy time (units)',
      'checks: a disk',
      'cannot be undone: the old copy is gone',
    ]);
  });

  it('tells of a run under way what is done, skipped and in doubt', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('b', makes('/b', { when: () => false }))
        .step('c', makes('/c', { needs: ['a'] })),
    );
    stage.diesAt = (point, step) => point === 'after-intent' && step === 'c';
    await stage.tryRun();
    expect((await surveyed(stage)).map(({ standing }) => standing)).toEqual(['done', 'skipped', 'in-doubt']);
  });
});
