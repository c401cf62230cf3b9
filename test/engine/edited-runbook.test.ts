import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { whatRemains } from '../../src/engine/index.ts';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

const params = z.object({ dataset: z.string().default('tank/home') });

/** Done: `snapshot` and `copy`. Waiting: `go`. To come: `switch` and `cleanup`. */
function original(): Unchecked {
  return chain({ params })
    .step('snapshot', makes('/snapshot'))
    .step('copy', makes('/copy', { needs: ['snapshot'] }))
    .confirm('go', { ask: 'go?', needs: ['copy'] })
    .step('switch', makes('/switch', { needs: ['go'] }))
    .step('cleanup', makes('/cleanup', { needs: ['switch'] }));
}

async function halfWay(): Promise<Stage> {
  const stage = new Stage(original(), { dataset: 'tank/home' });
  expect(await stage.run()).toMatchObject({ status: 'waiting', step: 'go' });
  stage.answers = { confirm: () => 'yes', input: () => ({ a: 'x' }) };
  return stage;
}

describe('a runbook edited since its run began', () => {
  it.each<[string, () => Unchecked]>([
    ['the same again', original],
    [
      'another default of a parameter, since parameters are pinned',
      () => {
        const edited = z.object({ dataset: z.string().default('tank/other') });
        return chain({ params: edited })
          .step('snapshot', makes('/snapshot'))
          .step('copy', makes('/copy', { needs: ['snapshot'] }))
          .confirm('go', { ask: 'go?', needs: ['copy'] })
          .step('switch', makes('/switch', { needs: ['go'] }))
          .step('cleanup', makes('/cleanup', { needs: ['switch'] }));
      },
    ],
    [
      'other phases, other texts of functions and another question',
      () =>
        chain({ params })
          .phase('Copy')
          .step('snapshot', makes('/snapshot', { verify: () => {}, retry: { retries: 2 } }))
          .step('copy', makes('/copy', { needs: ['snapshot'], timeout: '5m' }))
          .confirm('go', { ask: 'really go?', needs: ['copy'] })
          .step('switch', makes('/switch', { needs: ['go'], onFailure: 'continue' }))
          .step('cleanup', makes('/cleanup', { needs: ['switch'] })),
    ],
  ])('goes on without a word with %s', async (_, edited) => {
    const stage = await halfWay();
    expect((await stage.run({ runbook: edited() })).status).toBe('completed');
    expect(stage.of('run.changed')).toEqual([]);
  });

  /** The original with one step changed, by id. */
  const changing = (id: string, more: object) =>
    chain({ params })
      .step('snapshot', makes('/snapshot', id === 'snapshot' ? more : {}))
      .step('copy', makes('/copy', { needs: ['snapshot'], ...(id === 'copy' ? more : {}) }))
      .confirm('go', { ask: 'go?', needs: ['copy'], ...(id === 'go' ? more : {}) })
      .step('switch', makes('/switch', { needs: ['go'], ...(id === 'switch' ? more : {}) }))
      .step('cleanup', makes('/cleanup', { needs: ['switch'], ...(id === 'cleanup' ? more : {}) }));
  const otherCommand = { commands: ({ sh }: Unchecked) => [sh`make /elsewhere`] };

  it.each<[string, () => Unchecked, readonly string[]]>([
    ['a title', () => changing('copy', { title: 'Copy it' }), ['"copy" has another title']],
    [
      'the command of a step to come',
      () => changing('switch', otherCommand),
      ['"switch" has other commands now, and it has not begun'],
    ],
    [
      'a need of a step to come',
      () => changing('cleanup', { needs: ['go'] }),
      ['"cleanup" needs "go" instead of "switch", and it has not begun'],
    ],
    [
      'a step added among those to come',
      () => changing('', {}).step('report', makes('/report', { needs: ['copy'] })),
      ['"report" was added, among the steps to come'],
    ],
    [
      'a step to come removed',
      () =>
        chain({ params })
          .step('snapshot', makes('/snapshot'))
          .step('copy', makes('/copy', { needs: ['snapshot'] }))
          .confirm('go', { ask: 'go?', needs: ['copy'] })
          .step('switch', makes('/switch', { needs: ['go'] })),
      ['"cleanup" was removed before it began'],
    ],
    [
      'a step to come renamed',
      () =>
        chain({ params })
          .step('snapshot', makes('/snapshot'))
          .step('copy', makes('/copy', { needs: ['snapshot'] }))
          .confirm('go', { ask: 'go?', needs: ['copy'] })
          .step('switch', makes('/switch', { needs: ['go'] }))
          .step('tidy', makes('/cleanup', { needs: ['switch'] })),
      ['"cleanup" is called "tidy" now, and it has not begun'],
    ],
    [
      'steps that stand in another order',
      () =>
        chain({ params })
          .confirm('go', { ask: 'go?' })
          .step('snapshot', makes('/snapshot'))
          .step('copy', makes('/copy', { needs: ['snapshot'] }))
          .step('switch', makes('/switch', { needs: ['go'] }))
          .step('cleanup', makes('/cleanup', { needs: ['switch'] })),
      [
        '"go" needs nothing instead of "copy", and it is already done or begun',
        '"go" stands in another place (number 1 now)',
      ],
    ],
    [
      'a step to come of another kind',
      () =>
        chain({ params })
          .step('snapshot', makes('/snapshot'))
          .step('copy', makes('/copy', { needs: ['snapshot'] }))
          .confirm('go', { ask: 'go?', needs: ['copy'] })
          .step('switch', makes('/switch', { needs: ['go'] }))
          .manual('cleanup', { instructions: 'by hand', needs: ['switch'] }),
      ['"cleanup" is a manual now, not a step, and it has not begun'],
    ],
  ])('tells of %s', async (_, edited, changes) => {
    const stage = await halfWay();
    const touches = changes.some((says) => says.includes('already done'));
    expect((await stage.run({ runbook: edited(), acceptChanges: touches })).status).toBe('completed');
    expect(stage.of('run.changed')).toMatchObject([{ changes }]);
  });

  it.each<[string, () => Unchecked, string]>([
    [
      'the command of a done step',
      () => changing('copy', otherCommand),
      '  ! "copy" has other commands now, and it is already done or begun',
    ],
    [
      'the schema of what a done step gave',
      () => changing('copy', { output: z.object({ a: z.number() }), result: () => ({ a: 1 }) }),
      '  ! "copy" gives an output now',
    ],
    [
      'how a done step is undone',
      () => changing('copy', { undo: undefined, irreversible: 'gone' }),
      '  ! "copy" cannot be undone now',
    ],
    [
      'the need of a done step',
      () => changing('copy', { needs: [] }),
      '  ! "copy" needs nothing instead of "snapshot"',
    ],
    [
      'what a gate asks for that is being waited at',
      () => changing('go', { input: z.object({ a: z.string() }) }),
      '  ! "go" asks for other answers now',
    ],
    [
      'a step added before one that is done',
      () =>
        chain({ params })
          .step('check-space', makes('/space'))
          .step('snapshot', makes('/snapshot', { needs: ['check-space'] }))
          .step('copy', makes('/copy', { needs: ['snapshot'] }))
          .confirm('go', { ask: 'go?', needs: ['copy'] })
          .step('switch', makes('/switch', { needs: ['go'] }))
          .step('cleanup', makes('/cleanup', { needs: ['switch'] })),
      '  ! "check-space" was added, before something that is already done',
    ],
    [
      'a done step removed',
      () =>
        chain({ params })
          .step('snapshot', makes('/snapshot'))
          .confirm('go', { ask: 'go?', needs: ['snapshot'] })
          .step('switch', makes('/switch', { needs: ['go'] }))
          .step('cleanup', makes('/cleanup', { needs: ['switch'] })),
      '  ! "copy" was removed, and it is already done or begun',
    ],
    [
      'a done step renamed',
      () =>
        chain({ params })
          .step('snapshot', makes('/snapshot'))
          .step('duplicate', makes('/copy', { needs: ['snapshot'] }))
          .confirm('go', { ask: 'go?', needs: ['duplicate'] })
          .step('switch', makes('/switch', { needs: ['go'] }))
          .step('cleanup', makes('/cleanup', { needs: ['switch'] })),
      '  ! "copy" is called "duplicate" now, and it is already done or begun, so it would run again',
    ],
    [
      'a done step of another kind',
      () =>
        chain({ params })
          .step('snapshot', makes('/snapshot'))
          .manual('copy', { instructions: 'x', needs: ['snapshot'] })
          .confirm('go', { ask: 'go?', needs: ['copy'] })
          .step('switch', makes('/switch', { needs: ['go'] }))
          .step('cleanup', makes('/cleanup', { needs: ['switch'] })),
      '  ! "copy" is a manual now, not a step, and it is already done or begun',
    ],
  ])('is refused for %s, with every change, and nothing is run', async (_, edited, says) => {
    const stage = await halfWay();
    await expect(stage.run({ runbook: edited() })).rejects.toMatchObject({
      code: 'runbook.changed',
      exitCode: 2,
      message: expect.stringContaining(says),
      hint: expect.stringContaining('--accept-changes'),
    });
    expect(stage.acts).toEqual(['make /snapshot', 'make /copy']);
    expect((await stage.run({ runbook: edited(), acceptChanges: true })).status).toBe('completed');
    expect(stage.of('run.changed')).toHaveLength(1);
  });

  it('finds an edited operation by its version and by its input', async () => {
    const use = (version: number) => ({
      operation: 'copy',
      version,
      input: z.object({ from: z.string() }),
      reversal: 'undo',
      commands: ({ input, sh }: Unchecked) => [sh`make ${input.from}`],
      undo: ({ input, sh }: Unchecked) => [sh`remove ${input.from}`],
    });
    const one = (version: number, from: string) =>
      chain()
        .step('a', { use: use(version), with: () => ({ from }) })
        .confirm('end', { ask: 'x' });
    const stage = new Stage(one(1, '/x'));
    await stage.run();
    await expect(stage.run({ runbook: one(2, '/x') })).rejects.toMatchObject({ code: 'runbook.changed' });
    await expect(stage.run({ runbook: one(1, '/y') })).rejects.toMatchObject({ code: 'runbook.changed' });
    expect((await stage.run({ runbook: one(1, '/x') })).status).toBe('waiting');
  });

  it('finds an edit of a command whose values only a run knows', async () => {
    const one = (word: string) =>
      chain()
        .step('a', {
          ...blind('/a'),
          capture: () => ({ list: ['x'], name: 'n' }),
          commands: ({ captured, run, sh }: Unchecked) => [
            sh.with({ cwd: word })`make ${`${captured.name}@${run.id}`} ${captured.list[0]}`,
          ],
        })
        .confirm('end', { ask: 'x' });
    const stage = new Stage(one('/x'));
    await stage.run();
    expect((await stage.run({ runbook: one('/x') })).status).toBe('waiting');
    await expect(stage.run({ runbook: one('/y') })).rejects.toMatchObject({ code: 'runbook.changed' });
  });

  it('is the next basis of comparison once it is accepted', async () => {
    const stage = await halfWay();
    stage.answers = {};
    const edited = () => changing('copy', otherCommand);
    expect((await stage.run({ runbook: edited(), acceptChanges: true })).status).toBe('waiting');
    expect((await stage.run({ runbook: edited() })).status).toBe('waiting');
    await expect(stage.run()).rejects.toMatchObject({ code: 'runbook.changed' });
  });

  it('does not lose what a removed step did: it is listed, and undone before what it needed', async () => {
    const stage = await halfWay();
    stage.answers = {};
    const without = chain({ params }).step('snapshot', makes('/snapshot')).confirm('end', { ask: 'x' });
    expect((await stage.run({ runbook: without, acceptChanges: true })).status).toBe('waiting');
    expect(whatRemains(stage.state)).toEqual([
      'copy (done): remove /copy',
      'snapshot (done): remove /snapshot',
    ]);
    expect((await stage.run({ runbook: without })).status).toBe('waiting');
    await stage.rollBack();
    expect(stage.acts.slice(2)).toEqual(['remove /copy', 'remove /snapshot']);
  });

  it('knows a step again that comes back after it was removed, and does not run it twice', async () => {
    const stage = await halfWay();
    stage.answers = {};
    const without = chain({ params }).step('snapshot', makes('/snapshot')).confirm('end', { ask: 'x' });
    await stage.run({ runbook: without, acceptChanges: true });
    stage.answers = { confirm: () => 'yes' };
    expect((await stage.run({ runbook: original(), acceptChanges: true })).status).toBe('completed');
    expect(stage.of('run.changed')[1]?.changes).toContain(
      '"copy" is back in the runbook, and it is already done or begun',
    );
    expect(stage.acts.filter((act) => act === 'make /copy')).toHaveLength(1);
    await stage.rollBack();
    expect(stage.files.all.size).toBe(0);
  });

  it('changes nothing about how a done step is undone', async () => {
    const stage = await halfWay();
    stage.answers = {};
    const edited = changing('copy', { undo: undefined, irreversible: 'gone' });
    await stage.run({ runbook: edited, acceptChanges: true });
    expect(stage.state.nodes.find(({ id }) => id === 'copy')).toMatchObject({ reversal: 'undo' });
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.files.all.size).toBe(0);
  });

  it('is refused when it asks for a parameter that the run did not pin', async () => {
    const stage = await halfWay();
    const more = (schema: z.ZodType) => {
      const shape = params.extend({ target: schema });
      return chain({ params: shape })
        .step('snapshot', makes('/snapshot'))
        .step('copy', makes('/copy', { needs: ['snapshot'] }))
        .confirm('go', { ask: 'go?', needs: ['copy'] })
        .step('switch', makes('/switch', { needs: ['go'] }))
        .step('cleanup', makes('/cleanup', { needs: ['switch'] }));
    };
    for (const schema of [z.string(), z.string().default('x')]) {
      await expect(stage.run({ runbook: more(schema), acceptChanges: true })).rejects.toMatchObject({
        code: 'runbook.params',
        message: expect.stringContaining('target'),
      });
    }
    expect((await stage.run({ runbook: more(z.string().optional()) })).status).toBe('completed');
  });

  it('is refused when it is another runbook altogether', async () => {
    const stage = await halfWay();
    await expect(
      stage.run({ runbook: chain({}, 'other').step('a', makes('/a')), acceptChanges: true }),
    ).rejects.toMatchObject({ code: 'runbook.other', exitCode: 2 });
  });

  it('loses the consent that was given to what it was before', async () => {
    const one = (path: string) =>
      chain()
        .step('gone', { irreversible: 'gone', commands: ({ sh }: Unchecked) => [sh`remove ${path}`] })
        .confirm('end', { ask: 'x' });
    const stage = new Stage(one('/old'));
    stage.answers.accept = () => 'phrase';
    stage.appendFate = ({ type }) => (type === 'irreversible.accepted' ? 'after' : undefined);
    await stage.tryRun();
    stage.appendFate = () => undefined;
    stage.answers.accept = () => 'absent';
    expect(await stage.run({ runbook: one('/all') })).toMatchObject({ status: 'waiting', step: 'gone' });
    expect(stage.acts).toEqual([]);
  });
});
