import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { settle, whatRemains, abort } from '../../src/engine/index.ts';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const abc = () =>
  chain()
    .step('a', makes('/a'))
    .step('b', makes('/b', { needs: ['a'] }))
    .step('c', makes('/c', { needs: ['b'] }));

describe('a rollback', () => {
  it('undoes every begun step, latest first, by what was recorded', async () => {
    const stage = new Stage(abc());
    await stage.run();
    expect(await stage.rollBack()).toMatchObject({ status: 'rolled-back', exitCode: 0 });
    expect(stage.acts.slice(3)).toEqual(['remove /c', 'remove /b', 'remove /a']);
    expect(stage.files.all.size).toBe(0);
    expect(stage.state.status).toBe('rolled-back');
  });

  it.each(['failed', 'started', 'interrupted'] as const)('undoes a step that is %s, too', async (ending) => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('b', makes('/b', { needs: ['a'] })),
    );
    stage.program('make', ([path = '']) => {
      stage.files.all.set(path, { content: '', mode: 0o644 });
      if (path === '/b' && ending === 'interrupted') stage.interruption.abort('SIGINT');
      return { exitCode: path === '/b' && ending === 'failed' ? 1 : 0 };
    });
    if (ending === 'started') stage.diesAt = (point, step) => point === 'before-checkpoint' && step === 'b';
    await stage.tryRun();
    stage.diesAt = () => false;
    stage.interruption = new AbortController();
    expect(stage.state.steps.get('b')?.status).toBe(ending);
    expect(await stage.rollBack()).toMatchObject({ status: 'rolled-back' });
    expect(stage.files.all.size).toBe(0);
  });

  it('does not touch what was never begun, or what was skipped', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('b', makes('/b', { when: () => false }))
        .confirm('c', { ask: 'x' })
        .step('d', makes('/d', { needs: ['c'] })),
    );
    await stage.run();
    await stage.rollBack();
    expect(stage.acts).toEqual(['make /a', 'remove /a']);
    expect(stage.of('undo.completed').map(({ step, by }) => `${step} ${by}`)).toEqual([
      'c nothing-to-undo',
      'a act',
    ]);
  });

  it('keeps the named step and all before it, and the run can go forward from there', async () => {
    const stage = new Stage(abc());
    await stage.run({ until: 'c' });
    expect(await stage.rollBack({ to: 'a' })).toMatchObject({
      status: 'rolled-back',
      hint: 'Go on from there with: migrate resume sample-1',
    });
    expect([...stage.files.all.keys()]).toEqual(['/a']);
    expect((await stage.run()).status).toBe('completed');
    expect(stage.acts.slice(3)).toEqual(['remove /c', 'remove /b', 'make /b', 'make /c']);
  });

  it('looks again at what was skipped on the strength of a step that is undone', async () => {
    let wanted = false;
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('b', makes('/b', { needs: ['a'] }))
        .step('c', makes('/c', { needs: ['b'], when: () => wanted }))
        .confirm('end', { ask: 'x' }),
    );
    await stage.run();
    await stage.rollBack({ to: 'a' });
    wanted = true;
    stage.answers.confirm = () => 'yes';
    await stage.run();
    expect(stage.acts).toEqual(['make /a', 'make /b', 'remove /b', 'make /b', 'make /c']);
  });

  it.each([
    ['an unknown step', 'bb', 'rollback.no-step', 'Did you mean "b"?'],
    ['a step that has not begun', 'd', 'rollback.not-begun', 'it is pending'],
    ['a step that was skipped', 's', 'rollback.not-begun', 'it is skipped'],
  ])('to %s is refused, and undoes nothing', async (_, to, code, says) => {
    const stage = new Stage(
      abc()
        .step('s', makes('/s', { when: () => false }))
        .confirm('gate', { ask: 'x' })
        .step('d', makes('/d', { needs: ['gate'] })),
    );
    await stage.run();
    const before = stage.journal.length;
    await expect(stage.rollBack({ to })).rejects.toMatchObject({
      code,
      exitCode: 2,
      message: expect.stringContaining(says),
    });
    expect(stage.acts.filter((act) => act.startsWith('remove'))).toEqual([]);
    expect(stage.of('rollback.started')).toEqual([]);
    expect(stage.journal.length).toBe(before + 1);
  });

  it('never undoes a step before what needs it, also when a person undid and the run repeated it', async () => {
    const stage = new Stage(abc().confirm('end', { ask: 'x' }));
    await stage.run();
    stage.files.all.delete('/a');
    await stage.do((session) => settle(session, 'a', 'undone', 'removed it by hand'));
    await stage.run();
    expect(stage.acts).toEqual(['make /a', 'make /b', 'make /c', 'make /a']);
    await stage.rollBack();
    expect(stage.acts.slice(4)).toEqual(['remove /c', 'remove /b', 'remove /a']);
  });

  it('stops where an undo fails, says what is undone and what is not, and goes on from there', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.program('remove', ([path = '']) => {
      if (path === '/b') return { exitCode: 1, stderr: 'busy' };
      stage.files.all.delete(path);
      return undefined;
    });
    expect(await stage.rollBack()).toMatchObject({
      status: 'rollback-incomplete',
      exitCode: 5,
      step: 'b',
      message: expect.stringMatching(/the undo of "b" failed: .*busy\nNot undone yet: b, a/s),
      hint: expect.stringContaining('migrate rollback sample-1'),
    });
    expect(stage.state.steps.get('b')?.status).toBe('undo-failed');
    expect([...stage.files.all.keys()]).toEqual(['/a', '/b']);
    stage.program('remove', ([path = '']) => void stage.files.all.delete(path));
    expect(await stage.rollBack()).toMatchObject({ status: 'rolled-back' });
    expect(stage.acts.filter((act) => act === 'remove /c')).toHaveLength(1);
    expect(stage.of('rollback.started')).toHaveLength(1);
  });

  it('goes on past a failing undo once a person has undone it and said so', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.program('remove', ([path = '']) => ({ exitCode: path === '/c' ? 1 : 0 }));
    const outcome = await stage.rollBack();
    stage.files.all.clear();
    expect(outcome.status).toBe('rollback-incomplete');
    await stage.do((session) => settle(session, 'c', 'undone', 'removed by hand'));
    expect((await stage.rollBack()).status).toBe('rolled-back');
  });

  it('notices an undo that has no effect', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.program('remove', () => {});
    expect(await stage.rollBack()).toMatchObject({
      status: 'rollback-incomplete',
      message: expect.stringContaining('its undo ran, and the probe still finds it done'),
      hint: expect.stringContaining('migrate settle sample-1 c --undone'),
    });
    expect(stage.acts.slice(3)).toEqual(['remove /c']);
  });

  it.each([
    ['partial', 'undo.incomplete'],
    ['unknown', 'undo.unknown'],
  ])('does not call a step undone whose probe says %s after the undo', async (after, code) => {
    const answers: unknown[] = ['not-started', 'done', after];
    const stage = new Stage(chain().step('a', blind('/a', { probe: () => answers.shift() })));
    await stage.run();
    expect((await stage.rollBack()).status).toBe('rollback-incomplete');
    expect(stage.of('undo.failed')).toMatchObject([{ error: { code } }]);
  });

  it('overwrites nothing when the probe cannot tell what is there', async () => {
    const answers: unknown[] = ['not-started', { unknown: 'the pool is offline' }];
    const stage = new Stage(chain().step('a', blind('/a', { probe: () => answers.shift() })));
    await stage.run();
    expect((await stage.rollBack()).message).toContain('the pool is offline');
    expect(stage.acts).toEqual(['make /a']);
  });

  it('takes a step that nobody finds a trace of for undone, as after a crash between undo and record', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.diesAt = (point, step) => point === 'before-undo-record' && step === 'c';
    expect(await stage.tryRollBack()).toBe(killed);
    stage.diesAt = () => false;
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.of('undo.completed').map(({ step, by }) => `${step} ${by}`)).toEqual([
      'c probe',
      'b act',
      'a act',
    ]);
    expect(stage.acts.filter((act) => act === 'remove /c')).toHaveLength(1);
  });

  it('runs an undo again when a crash left it in doubt and there is no probe', async () => {
    const stage = new Stage(chain().step('a', blind('/a')));
    await stage.run();
    stage.diesAt = (point) => point === 'before-undo-record';
    expect(await stage.tryRollBack()).toBe(killed);
    stage.diesAt = () => false;
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.acts).toEqual(['make /a', 'remove /a', 'remove /a']);
  });

  it('does not run the undo of a step that is settled as not started', async () => {
    const stage = new Stage(chain().step('a', blind('/a')));
    stage.diesAt = (point) => point === 'after-intent';
    await stage.tryRun();
    stage.diesAt = () => false;
    await stage.do((session) => settle(session, 'a', 'not-started', 'nothing there'));
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.acts).toEqual([]);
  });

  it('is interrupted in order, and goes on', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.program('remove', ([path = '']) => {
      stage.files.all.delete(path);
      if (path === '/b') stage.interruption.abort('SIGTERM');
    });
    expect(await stage.rollBack()).toMatchObject({
      status: 'interrupted',
      exitCode: 130,
      hint: 'Go on with: migrate rollback sample-1',
    });
    stage.interruption = new AbortController();
    expect((await stage.rollBack()).status).toBe('rolled-back');
  });

  it('ends at once when the journal cannot be written, and undoes nothing unrecorded', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.appendFate = ({ type }) => (type === 'undo.started' ? 'fails' : undefined);
    await expect(stage.rollBack()).rejects.toMatchObject({ code: 'journal.unwritable' });
    expect(stage.acts).toHaveLength(3);
  });

  it('hands the outputs of undone steps to the probes of those that are undone after them', async () => {
    const stage = new Stage(
      chain()
        .step(
          'base',
          makes('/base', {
            output: z.object({ at: z.string() }),
            result: () => ({ at: '/x' }),
            probe: undefined,
          }),
        )
        .step('x', {
          needs: ['base'],
          use: {
            operation: 'x',
            version: 1,
            input: z.object({ at: z.string() }),
            reversal: 'undo',
            commands: ({ input, sh }: Unchecked) => [sh`make ${input.at}`],
            probe: async ({ input, host }: Unchecked) =>
              (await host.files.read(input.at)) === undefined ? 'not-started' : 'done',
            undo: ({ input, sh }: Unchecked) => [sh`remove ${input.at}`],
          },
          with: ({ outputs }: Unchecked) => ({ at: outputs.base.at }),
        }),
    );
    await stage.run();
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.files.all.size).toBe(0);
  });
});

describe('an undo by code', () => {
  const coded = () =>
    chain().step('a', {
      ...blind('/a'),
      capture: () => ({ at: '/a' }),
      undo: {
        describe: ({ captured }: Unchecked) => `removes ${captured.at}`,
        run: async ({ captured, exec, sh }: Unchecked) => exec(sh`remove ${captured.at}`),
        breakGlass: ({ captured, sh }: Unchecked) => [sh`rm -- ${captured.at} ${'a b'}`],
      },
    });

  it('runs with what was captured, and its commands are journaled as undoing', async () => {
    const stage = new Stage(coded());
    await stage.run();
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.of('command.started').map(({ undoing, argv }) => [undoing, argv.join(' ')])).toEqual([
      [false, 'make /a'],
      [true, 'remove /a'],
    ]);
  });

  it('says without its runbook what a person can do by hand, and how to go on', async () => {
    const stage = new Stage(coded());
    await stage.run();
    expect(await stage.rollBack({ withoutRunbook: true })).toMatchObject({
      status: 'rollback-incomplete',
      exitCode: 5,
      message: expect.stringContaining('its undo is code'),
      hint: expect.stringMatching(/By hand:\nrm -- \/a 'a b'\n.*migrate settle sample-1 a --undone/s),
    });
    expect((await stage.rollBack()).status).toBe('rolled-back');
  });

  it('is not needed for undos that are data, which run without the runbook', async () => {
    const stage = new Stage(abc());
    await stage.run();
    expect((await stage.rollBack({ withoutRunbook: true })).status).toBe('rolled-back');
    expect(stage.files.all.size).toBe(0);
  });
});

describe('a file that an undo restores', () => {
  const edits = (more: object = {}) =>
    chain().step('edit', {
      capture: async ({ host }: Unchecked) => ({ content: (await host.files.read('/f')) ?? null }),
      describe: 'edits',
      run: async ({ host }: Unchecked) => host.files.replace('/f', 'new', { mode: 0o644 }),
      undo: ({ captured }: Unchecked) => [
        { restore: '/f', content: captured.content, expect: 'new', ...more },
      ],
    });

  it('gets its content and mode back', async () => {
    const stage = new Stage(edits({ mode: 0o600 }));
    stage.files.all.set('/f', { content: 'old', mode: 0o600 });
    await stage.run();
    await stage.rollBack();
    expect(stage.files.all.get('/f')).toEqual({ content: 'old', mode: 0o600 });
  });

  it('gets its mode back also when its content is already so', async () => {
    const stage = new Stage(edits({ mode: 0o600 }));
    stage.files.all.set('/f', { content: 'old', mode: 0o600 });
    await stage.run();
    stage.files.all.set('/f', { content: 'old', mode: 0o644 });
    await stage.rollBack();
    expect(stage.files.all.get('/f')?.mode).toBe(0o600);
  });

  it('is removed when there was none', async () => {
    const stage = new Stage(edits());
    await stage.run();
    await stage.rollBack();
    expect(stage.files.all.has('/f')).toBe(false);
  });

  it.each([
    ['edited', () => 'theirs'],
    ['removed', () => undefined],
  ])('is left alone when somebody has %s it since', async (_, theirs) => {
    const stage = new Stage(edits());
    stage.files.all.set('/f', { content: 'old', mode: 0o644 });
    await stage.run();
    const content = theirs();
    if (content === undefined) stage.files.all.delete('/f');
    else stage.files.all.set('/f', { content, mode: 0o644 });
    const refused = await stage.rollBack();
    expect(refused).toMatchObject({ exitCode: 5, step: 'edit' });
    expect(refused.message).toContain('edit: /f as this step left it');
    expect(stage.of('rollback.started')).toEqual([]);
    const forced = await stage.rollBack({ acceptMissing: ['edit'] });
    expect(forced.message).toContain('/f was changed by somebody since');
    expect(stage.files.all.get('/f')?.content).toBe(content);
  });
});

describe('a rollback past the point of no return', () => {
  const gone = (more: object = {}) =>
    chain()
      .step('a', makes('/a'))
      .step('gone', {
        needs: ['a'],
        irreversible: 'the old copy is gone',
        commands: ({ sh }: Unchecked) => [sh`remove /old`],
        ...more,
      })
      .step('b', makes('/b', { needs: ['gone'] }));

  it('undoes nothing, says why, and offers what is left', async () => {
    const stage = new Stage(gone());
    stage.answers.accept = () => 'phrase';
    await stage.run();
    expect(await stage.rollBack()).toMatchObject({
      status: 'rollback-incomplete',
      exitCode: 5,
      step: 'gone',
      message: '"gone" is done and cannot be undone: the old copy is gone. Nothing was changed',
      hint: expect.stringMatching(/restore the backup.*migrate rollback sample-1 --to gone/s),
    });
    expect(stage.state.status).toBe('completed');
    expect((await stage.rollBack({ to: 'gone' })).status).toBe('rolled-back');
    expect(stage.acts).toEqual(['make /a', 'remove /old', 'make /b', 'remove /b']);
  });

  it.each([
    ['not-started', 'rolled-back'],
    ['partial', 'rollback-incomplete'],
    ['unknown', 'rollback-incomplete'],
    ['done', 'rollback-incomplete'],
  ])('asks a step in doubt first: when its probe says %s, it is %s', async (answer, status) => {
    const answers: unknown[] = ['not-started', answer];
    const stage = new Stage(gone({ probe: () => answers.shift() ?? answer, idempotent: true }));
    stage.answers.accept = () => 'phrase';
    stage.diesAt = (point, step) => point === 'after-intent' && step === 'gone';
    expect(await stage.tryRun()).toBe(killed);
    stage.diesAt = () => false;
    expect((await stage.rollBack()).status).toBe(status);
    expect(stage.files.all.has('/a')).toBe(status !== 'rolled-back');
  });

  it('takes a person at their word that the step never began, also without the runbook', async () => {
    const stage = new Stage(gone());
    stage.answers.accept = () => 'phrase';
    stage.diesAt = (point, step) => point === 'after-intent' && step === 'gone';
    expect(await stage.tryRun()).toBe(killed);
    stage.diesAt = () => false;
    expect((await stage.rollBack()).status).toBe('rollback-incomplete');
    await stage.do((session) => settle(session, 'gone', 'not-started', 'the old copy is there'));
    expect((await stage.rollBack({ withoutRunbook: true })).status).toBe('rolled-back');
  });
});

describe('a rollback of what takes effect at boot', () => {
  /** The machine runs on `/live`, which follows `/config` at each boot. */
  function machine(): Stage {
    const stage = new Stage(
      chain()
        .step('copy', makes('/copy'))
        .step('switch', {
          needs: ['copy'],
          effective: 'at-boot',
          commands: ({ sh }: Unchecked) => [sh`make /config`],
          probe: async ({ host }: Unchecked) => {
            const config = (await host.files.read('/config')) !== undefined;
            const live = (await host.files.read('/live')) !== undefined;
            return config && live ? 'done' : config || live ? 'partial' : 'not-started';
          },
          idempotent: true,
          undo: ({ sh }: Unchecked) => [sh`remove /config`],
        })
        .reboot('restart', { instructions: 'reboot', needs: ['switch'] })
        .step('after', makes('/after', { needs: ['restart'] })),
    );
    return stage;
  }
  const boot = (stage: Stage) => {
    stage.reboot();
    if (stage.files.all.has('/config')) stage.files.all.set('/live', { content: '', mode: 0o644 });
    else stage.files.all.delete('/live');
  };
  const booted = async () => {
    const stage = machine();
    expect((await stage.run()).status).toBe('waiting');
    boot(stage);
    expect((await stage.run()).status).toBe('completed');
    return stage;
  };
  const undone = (stage: Stage) => stage.acts.filter((act) => act.startsWith('remove'));

  it('undoes that first, waits for a boot, and only then undoes what lies beneath', async () => {
    const stage = await booted();
    expect(await stage.rollBack()).toMatchObject({
      status: 'waiting',
      exitCode: 3,
      message: expect.stringContaining('the rollback waits for a reboot'),
    });
    expect(undone(stage)).toEqual(['remove /config']);
    expect(await stage.rollBack()).toMatchObject({ status: 'waiting' });
    boot(stage);
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(undone(stage)).toEqual(['remove /config', 'remove /after', 'remove /copy']);
  });

  it('needs no boot when the machine never booted into it', async () => {
    const stage = machine();
    await stage.run();
    stage.files.all.delete('/live');
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(undone(stage)).toEqual(['remove /config', 'remove /copy']);
  });

  it('undoes nothing beneath while the machine has booted into the new state again', async () => {
    const stage = await booted();
    await stage.rollBack();
    stage.reboot();
    expect(await stage.rollBack()).toMatchObject({
      status: 'waiting',
      step: 'switch',
      message: expect.stringContaining('is still in effect'),
    });
    expect(undone(stage)).toEqual(['remove /config']);
    boot(stage);
    expect((await stage.rollBack()).status).toBe('rolled-back');
  });

  it('believes a person who says that it is undone all the same', async () => {
    const stage = await booted();
    await stage.rollBack();
    stage.reboot();
    expect((await stage.rollBack()).status).toBe('waiting');
    await stage.do((session) => settle(session, 'switch', 'undone', 'the probe is wrong'));
    expect((await stage.rollBack()).status).toBe('rolled-back');
  });

  it('asks for the boot also when the machine crashed into the new state after the rollback began', async () => {
    const stage = machine();
    await stage.run();
    stage.files.all.delete('/live');
    stage.diesAt = (point) => point === 'mid-undo';
    expect(await stage.tryRollBack()).toBe(killed);
    stage.diesAt = () => false;
    boot(stage);
    // Undone and recorded, and not yet known that a boot has to come in between.
    stage.appendFate = ({ type }) => (type === 'rollback.reboot-entered' ? 'before' : undefined);
    expect(await stage.tryRollBack()).toBe(killed);
    stage.appendFate = () => undefined;
    expect(stage.of('undo.completed').map(({ step }) => step)).toEqual(['restart', 'switch']);
    stage.diesAt = (point) => point === 'at-gate';
    expect(await stage.tryRollBack()).toBe(killed);
    stage.diesAt = () => false;
    expect(stage.files.all.has('/copy')).toBe(true);
    expect(stage.of('rollback.started').map(({ reboot }) => reboot)).toEqual([false, true]);
    expect((await stage.rollBack()).status).toBe('waiting');
    boot(stage);
    expect((await stage.rollBack()).status).toBe('rolled-back');
    expect(stage.files.all.size).toBe(0);
  });

  it('never undoes beneath the running system, wherever the process dies', async () => {
    const whole = await booted();
    const from = whole.journal.length;
    await whole.rollBack();
    boot(whole);
    await whole.rollBack();
    const appends = whole.journal.length - from;
    for (let at = 1; at <= appends; at += 1) {
      for (const fate of ['before', 'after'] as const) {
        const stage = await booted();
        stage.program('remove', ([path = '']) => {
          if (path === '/copy') expect(stage.files.all.has('/live')).toBe(false);
          stage.files.all.delete(path);
        });
        const begin = stage.journal.length;
        stage.appendFate = (_, seq) => (seq === begin + at ? fate : undefined);
        let outcome = await stage.tryRollBack();
        for (let tries = 0; tries < 6; tries += 1) {
          if (outcome !== killed && outcome.status === 'rolled-back') break;
          if (outcome === killed) stage.appendFate = () => undefined;
          else boot(stage);
          outcome = await stage.tryRollBack();
        }
        expect([at, fate, outcome]).toMatchObject([at, fate, { status: 'rolled-back' }]);
        expect(stage.files.all.size).toBe(0);
      }
    }
  });
});

describe('abort', () => {
  it('ends the run without undoing, and lists what remains with the way to take each back', async () => {
    const stage = new Stage(
      abc()
        .step('look', { readonly: true, commands: ({ sh }: Unchecked) => [sh`true`] })
        .step('gone', {
          irreversible: 'the key is lost',
          commands: ({ sh }: Unchecked) => [sh`true`],
          needs: ['c'],
        })
        .step('edit', {
          ...makes('/e'),
          needs: ['gone'],
          undo: () => [
            { restore: '/f', content: null },
            { restore: '/g', content: 'x' },
          ],
        })
        .confirm('end', { ask: 'x' }),
    );
    stage.answers.accept = () => 'phrase';
    await stage.run();
    await stage.do((session) => abort(session, 'changed my mind'));
    const remains = [
      'edit (done): remove /f; restore /g as it was',
      'gone (done): cannot be undone: the key is lost',
      'c (done): remove /c',
      'b (done): remove /b',
      'a (done): remove /a',
    ];
    expect(stage.of('run.aborted')).toMatchObject([{ why: 'changed my mind', remains }]);
    expect(whatRemains(stage.state)).toEqual(remains);
    expect(stage.state.status).toBe('aborted');
    expect(undoneActs(stage)).toEqual([]);
    await expect(stage.run()).rejects.toMatchObject({ code: 'run.over' });
  });
});

function undoneActs(stage: Stage): string[] {
  return stage.acts.filter((act) => act.startsWith('remove'));
}
