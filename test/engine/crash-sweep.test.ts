import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const minute = 60_000;

/** A runbook with every kind of step and gate. */
function everything(irreversible: boolean): Unchecked {
  const common = chain()
    .check('space', { expect: 'room', run: () => ({ verdict: 'PASS', observed: 'enough' }) })
    .step('measure', {
      readonly: true,
      needs: ['space'],
      output: z.object({ size: z.number() }),
      describe: 'measures',
      run: async () => ({ size: 5 }),
    })
    .step('snapshot', makes('/snapshot', { capture: () => ({ name: 'snap' }), needs: ['measure'] }))
    .step('sync', blind('/sync', { idempotent: true, needs: ['snapshot'] }))
    .step(
      'twice',
      makes('/twice/1', {
        needs: ['sync'],
        idempotent: true,
        commands: ({ sh }: Unchecked) => [sh`make /twice/1`, sh`make /twice/2`],
        probe: async ({ host }: Unchecked) => {
          const found = [await host.files.read('/twice/1'), await host.files.read('/twice/2')];
          const there = found.filter((content) => content !== undefined).length;
          return there === 2 ? 'done' : there === 1 ? 'partial' : 'not-started';
        },
        undo: ({ sh }: Unchecked) => [sh`remove /twice/1`, sh`remove /twice/2`],
      }),
    )
    .step('edit', {
      needs: ['twice'],
      idempotent: true,
      capture: async ({ host }: Unchecked) => ({ original: await host.files.read('/config') }),
      describe: 'edits',
      run: async ({ host, captured }: Unchecked) => host.files.replace('/config', `${captured.original}!`),
      undo: ({ captured }: Unchecked) => [{ restore: '/config', content: captured.original }],
    })
    .step('never', makes('/never', { when: () => false, needs: ['edit'] }))
    .confirm('agree', { ask: 'go?', needs: ['never'] })
    .manual('serial', { instructions: 'read it', input: z.object({ serial: z.string() }), needs: ['agree'] })
    .manual('plug', { instructions: 'plug it in', probe: () => true, needs: ['serial'] })
    .step('switch', makes('/switch', { effective: 'at-boot', needs: ['plug'] }))
    .reboot('restart', { instructions: 'reboot', needs: ['switch'] })
    .step('verified', makes('/verified', { needs: ['restart'], verify: () => {} }))
    .soak('settle', {
      ...{ needs: ['verified'], min: '10m', max: '15m', maxGap: '20m', fresh: ['verified', 'space'] },
      probes: [{ name: 'up', check: () => true }],
    });
  return irreversible
    ? common.step('cleanup', {
        needs: ['settle'],
        irreversible: 'the old copy is gone',
        commands: ({ sh }: Unchecked) => [sh`remove /old`],
        probe: async ({ host }: Unchecked) =>
          (await host.files.read('/old')) === undefined ? 'done' : 'not-started',
      })
    : common.step('after', makes('/after', { needs: ['settle'] }));
}

function prepared(irreversible: boolean): Stage {
  const stage = new Stage(everything(irreversible));
  stage.files.all.set('/config', { content: 'as it was', mode: 0o644 });
  stage.files.all.set('/old', { content: 'much', mode: 0o644 });
  stage.answers = { confirm: () => 'yes', accept: () => 'phrase', input: () => ({ serial: 'WD-77' }) };
  for (const name of ['make', 'remove']) {
    const does = stage.programs.get(name);
    stage.program(name, (args, options) => {
      mustNotBeOver(stage);
      return does?.(args, options);
    });
  }
  return stage;
}

/** The step whose command runs just now must not have its checkpoint, nor an undo its record. */
function mustNotBeOver(stage: Stage): void {
  const begun = stage.of('command.started').at(-1);
  const last = stage.journal.findLast(
    (event) =>
      'step' in event && event.step === begun?.step && /^(step\.completed|undo\.completed)$/.test(event.type),
  );
  expect([begun?.step, last?.type]).toEqual([
    begun?.step,
    begun?.undoing === true ? (last?.type === 'undo.completed' ? 'undone already' : last?.type) : undefined,
  ]);
}

const world = (stage: Stage) =>
  Object.fromEntries([...stage.files.all].toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** Lets it be killed as `dies` says, and resumes until the end. */
async function toTheEnd(
  stage: Stage,
  attempt: () => ReturnType<Stage['tryRun']>,
  end: string,
): Promise<number> {
  for (let processes = 1; processes < 40; processes += 1) {
    const outcome = await attempt();
    // It may have died after its last word was durable.
    if (outcome === killed && stage.journal.length > 0 && stage.state.status === end) return processes;
    if (outcome !== killed) {
      if (outcome.status === end) return processes;
      expect(outcome).toMatchObject({ status: 'waiting' });
      const { gate } = stage.state.steps.get(outcome.step ?? '') ?? {};
      if (gate?.kind === 'reboot' || outcome.message.includes('reboot')) stage.reboot();
      else stage.clock.pass(12 * minute);
    }
  }
  throw new Error(`it never came to be ${end}`);
}

/** Dies at the given numbers of appends, counted over all processes. */
function dyingAt(stage: Stage, deaths: ReadonlyMap<number, 'before' | 'after'>): void {
  let count = 0;
  stage.appendFate = () => deaths.get((count += 1));
}

async function uncrashed(irreversible: boolean): Promise<{ stage: Stage; appends: number }> {
  const stage = prepared(irreversible);
  let appends = 0;
  stage.appendFate = () => void (appends += 1);
  await toTheEnd(stage, () => stage.tryRun(), 'completed');
  return { stage, appends };
}

describe('a run that is killed', () => {
  it('at any append, before or after it is durable, ends with the same world and repeats no completed step', async () => {
    const { stage: whole, appends } = await uncrashed(true);
    expect(appends).toBeGreaterThan(40);
    for (let at = 1; at <= appends; at += 1) {
      for (const fate of ['before', 'after'] as const) {
        const stage = prepared(true);
        dyingAt(stage, new Map([[at, fate]]));
        await toTheEnd(stage, () => stage.tryRun(), 'completed');
        expect([at, fate, world(stage)]).toEqual([at, fate, world(whole)]);
      }
    }
  });

  it('at any named point ends with the same world', async () => {
    const { stage: whole } = await uncrashed(true);
    const points = new Set(whole.passed);
    expect(points.size).toBeGreaterThan(30);
    for (const point of points) {
      const stage = prepared(true);
      let once = true;
      stage.diesAt = (at, step) => once && `${at} ${step}` === point && !(once = false);
      await toTheEnd(stage, () => stage.tryRun(), 'completed');
      expect([point, world(stage)]).toEqual([point, world(whole)]);
    }
  });

  it('again and again ends with the same world', async () => {
    const { stage: whole, appends } = await uncrashed(true);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.integer({ min: 1, max: appends + 20 }),
            fc.constantFrom('before' as const, 'after' as const),
          ),
          {
            maxLength: 12,
          },
        ),
        async (deaths) => {
          const stage = prepared(true);
          dyingAt(stage, new Map(deaths));
          await toTheEnd(stage, () => stage.tryRun(), 'completed');
          expect(world(stage)).toEqual(world(whole));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('on its way back, at any append, ends with the world as it was before', async () => {
    const begin = world(prepared(false));
    const whole = (await uncrashed(false)).stage;
    let appends = 0;
    whole.appendFate = () => void (appends += 1);
    await toTheEnd(whole, () => whole.tryRollBack(), 'rolled-back');
    expect(world(whole)).toEqual(begin);
    for (let at = 1; at <= appends; at += 1) {
      for (const fate of ['before', 'after'] as const) {
        const { stage } = await uncrashed(false);
        dyingAt(stage, new Map([[at, fate]]));
        await toTheEnd(stage, () => stage.tryRollBack(), 'rolled-back');
        expect([at, fate, world(stage)]).toEqual([at, fate, begin]);
      }
    }
  });

  it('at any append of its way forward can go back, and the world is as it was before', async () => {
    const begin = world(prepared(false));
    const { appends } = await uncrashed(false);
    for (let at = 2; at <= appends; at += 1) {
      for (const fate of ['before', 'after'] as const) {
        const stage = prepared(false);
        dyingAt(stage, new Map([[at, fate]]));
        for (let outcome = await stage.tryRun(); outcome !== killed; outcome = await stage.tryRun()) {
          const { gate } = stage.state.steps.get(outcome.step ?? '') ?? {};
          if (gate?.kind === 'reboot') stage.reboot();
          else stage.clock.pass(12 * minute);
        }
        await toTheEnd(stage, () => stage.tryRollBack(), 'rolled-back');
        expect([at, fate, world(stage)]).toEqual([at, fate, begin]);
      }
    }
  });
});
