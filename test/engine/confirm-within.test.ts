import { describe, expect, it } from 'vitest';
import { confirmByHand, settle } from '../../src/engine/index.ts';
import { blind, chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const minute = 60_000;

/** `net` may cut everybody off; `before` and `after` know nothing of it. */
function cutting(more: object = {}, also: object = {}): Unchecked {
  return chain()
    .step('before', makes('/before'))
    .step('net', makes('/net', { needs: ['before'], confirmWithin: '10m', ...more }))
    .step('after', makes('/after', { needs: ['before'], ...also }));
}

const there = (stage: Stage) => [...stage.files.all.keys()].toSorted();

/** Lets it be killed at the append of the first event of a type, and runs one process until then. */
async function killedAt(stage: Stage, type: string, fate: 'before' | 'after', step = 'net'): Promise<void> {
  let done = false;
  stage.appendFate = (body) => {
    if (done || body.type !== type || ('step' in body && body.step !== step)) return undefined;
    done = true;
    return fate;
  };
  expect(await stage.tryRun()).toBe(killed);
  stage.appendFate = () => undefined;
}

describe('a step that must be confirmed', () => {
  it('arms its deadline in the intent, and lets nothing else begin until a word comes from elsewhere', async () => {
    const stage = new Stage(cutting());
    let looks = 0;
    stage.confirmed = (step, armedSeq) => {
      expect([step, armedSeq]).toEqual(['net', stage.of('step.started')[1]?.seq]);
      expect(stage.acts).toEqual(['make /before', 'make /net']);
      return (looks += 1) > 100;
    };
    expect(await stage.run({ jobs: 4 })).toMatchObject({ status: 'completed', exitCode: 0 });
    expect(stage.of('step.started')[1]).toMatchObject({ step: 'net', confirmWithin: 10 * minute });
    expect(stage.of('step.confirmed')).toMatchObject([{ step: 'net', from: 'elsewhere' }]);
    expect(there(stage)).toEqual(['/after', '/before', '/net']);
  });

  it('is taken back when nobody confirms it in time, with exit code 1, and nothing else is', async () => {
    const stage = new Stage(cutting());
    const began = stage.clock.now().wall;
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      exitCode: 1,
      step: 'net',
      message: '"net" was taken back: nobody confirmed it within 10 min.',
      hint: 'Try it again: migrate resume sample-1\nOr go back further: migrate rollback sample-1',
    });
    expect(stage.clock.now().wall - began).toBe(10 * minute);
    expect(there(stage)).toEqual(['/before']);
    expect(stage.state).toMatchObject({ status: 'running' });
    expect(stage.of('step.expired')).toMatchObject([
      { step: 'net', why: 'nobody confirmed it within 10 min' },
    ]);
    stage.confirmed = () => true;
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('shows how long is left, by the minute and then by ten seconds, with what to type', async () => {
    const stage = new Stage(cutting({ confirmWithin: '3m' }));
    await stage.run();
    const told = stage.told.filter((live) => live.type === 'deadline');
    expect(told.map(({ leftMs }) => Math.ceil(leftMs / 1000))).toEqual([180, 120, 60, 50, 40, 30, 20, 10]);
    expect(told[0]).toMatchObject({ step: 'net', command: 'migrate confirm sample-1 net' });
  });

  it('is not confirmed by --yes, and is by somebody at the terminal', async () => {
    const stage = new Stage(cutting());
    stage.answers = { confirm: () => 'flag', accept: () => 'flag', stillThere: () => 'yes' };
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.of('step.confirmed')).toMatchObject([{ from: 'terminal' }]);
    const alone = new Stage(cutting());
    alone.answers = { confirm: () => 'flag', accept: () => 'flag' };
    expect(await alone.run()).toMatchObject({ status: 'failed', step: 'net' });
  });

  it('is taken back at once when somebody at the terminal says no, and a question that is open is withdrawn when a word comes', async () => {
    const no = new Stage(cutting());
    no.answers.stillThere = () => 'no';
    expect(await no.run()).toMatchObject({
      status: 'failed',
      message: '"net" was taken back: somebody at the terminal said so.',
    });
    const stage = new Stage(cutting());
    let withdrawn = false;
    stage.answers.stillThere = (_, until) =>
      new Promise(() => until.addEventListener('abort', () => (withdrawn = true)));
    stage.confirmed = () => stage.clock.now().wall > Date.parse('2026-11-21T12:01:00Z');
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(withdrawn).toBe(true);
  });

  it('is taken back when it fails, since it may have cut off whoever could mend it', async () => {
    const stage = new Stage(
      cutting({ commands: ({ sh }: Unchecked) => [sh`make /net`, sh`false`], probe: undefined }),
    );
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      exitCode: 1,
      message: expect.stringContaining('"net" was taken back: it failed: false exited with 1'),
    });
    expect(there(stage)).toEqual(['/before']);
    expect(stage.state.steps.get('net')).toMatchObject({ status: 'pending', deadline: undefined });
  });

  it('that fails before it began has nothing to take back', async () => {
    const stage = new Stage(
      cutting({
        capture: () => {
          throw new Error('nothing to be read');
        },
      }),
    );
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('nothing'),
    });
    expect(stage.of('step.expired')).toEqual([]);
  });

  it("takes the whole run back where the author says so with onFailure: 'rollback'", async () => {
    const stage = new Stage(cutting({ onFailure: 'rollback' }));
    expect(await stage.run()).toMatchObject({ status: 'rolled-back', exitCode: 1 });
    expect(there(stage)).toEqual([]);
    expect(stage.state.status).toBe('rolled-back');
  });

  it('is not begun beside another step, nor another beside it', async () => {
    const stage = new Stage(
      chain()
        .step('a', makes('/a'))
        .step('net', makes('/net', { confirmWithin: '10m' }))
        .step('b', makes('/b')),
    );
    stage.confirmed = () => true;
    await stage.run({ jobs: 3 });
    const order = stage.journal.flatMap((event) =>
      ['step.started', 'step.completed', 'step.confirmed'].includes(event.type) && 'step' in event
        ? [`${event.type} ${event.step}`]
        : [],
    );
    const armed = order.indexOf('step.started net');
    expect(order.slice(armed, armed + 3)).toEqual([
      'step.started net',
      'step.completed net',
      'step.confirmed net',
    ]);
  });

  it('that was so already needs no word', async () => {
    const stage = new Stage(cutting());
    stage.files.all.set('/net', { content: '', mode: 0o644 });
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.of('step.confirmed')).toEqual([]);
  });
});

describe('an interruption', () => {
  it.each(['SIGINT', 'SIGTERM'])('by %s while it waits takes the step back', async (signal) => {
    const stage = new Stage(cutting());
    stage.clock.onSleep = () => stage.interruption.abort(signal);
    expect(await stage.run()).toMatchObject({
      status: 'interrupted',
      exitCode: 130,
      message: `"net" was taken back: interrupted by ${signal}.`,
    });
    expect(there(stage)).toEqual(['/before']);
    expect(stage.types().at(-1)).toBe('run.interrupted');
  });

  it('by SIGINT in the middle of the act takes the step back', async () => {
    const stage = new Stage(cutting());
    stage.program('make', ([path = '']) => {
      stage.files.all.set(path, { content: '', mode: 0o644 });
      if (path === '/net') stage.interruption.abort('SIGINT');
    });
    expect(await stage.run()).toMatchObject({ status: 'interrupted', step: 'net' });
    expect(there(stage)).toEqual(['/before']);
  });

  it('by a terminal that hangs up, in the middle of the act or after it, changes nothing: a new login may confirm', async () => {
    for (const when of ['act', 'wait'] as const) {
      const stage = new Stage(cutting());
      stage.program('make', ([path = '']) => {
        stage.files.all.set(path, { content: '', mode: 0o644 });
        if (path === '/net' && when === 'act') stage.interruption.abort('SIGHUP');
      });
      stage.clock.onSleep = () => stage.interruption.abort('SIGHUP');
      stage.confirmed = () => stage.interruption.signal.aborted;
      expect(await stage.run()).toMatchObject({ status: 'interrupted', message: 'interrupted by SIGHUP' });
      expect(stage.of('step.confirmed')).toHaveLength(1);
      expect(there(stage)).toEqual(['/before', '/net']);
    }
  });

  it('by a terminal that hangs up takes the step back at its deadline when nobody came', async () => {
    const stage = new Stage(cutting());
    stage.clock.onSleep = () => stage.interruption.abort('SIGHUP');
    expect(await stage.run()).toMatchObject({ status: 'failed', step: 'net' });
    expect(there(stage)).toEqual(['/before']);
  });
});

describe('a process that resumes', () => {
  it('waits for what is left of the deadline, and takes back what nobody confirmed', async () => {
    const later = new Stage(cutting());
    await killedAt(later, 'step.completed', 'after');
    later.clock.pass(4 * minute);
    const began = later.clock.now().wall;
    expect(await later.run()).toMatchObject({ status: 'failed', step: 'net' });
    expect(later.clock.now().wall - began).toBe(6 * minute);
    expect(there(later)).toEqual(['/before']);
  });

  it.each([
    ['the deadline passed', (stage: Stage) => stage.clock.pass(11 * minute)],
    ['the machine slept beyond it', (stage: Stage) => stage.clock.suspend(11 * minute)],
    ['the wall clock says so, in the same boot', (stage: Stage) => stage.clock.jump(11 * minute)],
    [
      'the time since boot says so, although the wall clock was set back',
      (stage: Stage) => {
        stage.clock.pass(11 * minute);
        stage.clock.jump(-360 * minute);
      },
    ],
    ['the machine booted, and the wall clock says so', (stage: Stage) => stage.reboot(11 * minute)],
    [
      'the machine booted, and its wall clock ran back',
      (stage: Stage) => {
        stage.reboot(1);
        stage.clock.jump(-minute);
      },
    ],
  ])('takes it back at once when %s', async (_, happens) => {
    const stage = new Stage(cutting());
    await killedAt(stage, 'step.completed', 'after');
    happens(stage);
    expect(await stage.run()).toMatchObject({ status: 'failed', exitCode: 1, step: 'net' });
    expect(stage.acts).toEqual(['make /before', 'make /net', 'remove /net']);
  });

  it('waits on when the machine booted within the deadline', async () => {
    const stage = new Stage(cutting());
    await killedAt(stage, 'step.completed', 'after');
    stage.reboot(2 * minute);
    const began = stage.clock.now().wall;
    await stage.run();
    expect(stage.clock.now().wall - began).toBe(8 * minute);
  });

  it('heeds a word that was left while nobody was there, and one that was journaled', async () => {
    const stage = new Stage(cutting());
    await killedAt(stage, 'step.completed', 'after');
    stage.confirmed = () => true;
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    const other = new Stage(cutting());
    await killedAt(other, 'step.completed', 'after');
    expect(await other.do((session) => confirmByHand(session, 'net'))).toBe('confirmed');
    expect(await other.do((session) => confirmByHand(session, 'net'))).toBe('already');
    expect(await other.run()).toMatchObject({ status: 'completed' });
    expect(other.of('step.confirmed')).toHaveLength(1);
  });

  it('does not heed a word about an earlier attempt', async () => {
    const stage = new Stage(cutting());
    await stage.run();
    const [, first] = stage.of('step.started');
    stage.confirmed = (_, armedSeq) => armedSeq === first?.seq;
    expect(await stage.run()).toMatchObject({ status: 'failed', step: 'net' });
  });

  it('begins a step anew that had not come to its end, with a new deadline, when a person resumes in time', async () => {
    const stage = new Stage(cutting());
    await killedAt(stage, 'command.started', 'before');
    stage.clock.pass(9 * minute);
    stage.confirmed = () => true;
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.of('step.started').filter(({ step }) => step === 'net')).toHaveLength(2);
  });

  it('takes it back, when nobody is there who resumes', async () => {
    const stage = new Stage(cutting());
    await killedAt(stage, 'command.ended', 'before');
    stage.unattended = 'boot';
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      message: '"net" was taken back: it did not come to its end, and nobody is there.',
    });
    expect(there(stage)).toEqual(['/before']);
    // And is not begun again at each boot.
    expect(await stage.run()).toMatchObject({
      status: 'waiting',
      exitCode: 3,
      message: '"net" must be confirmed by somebody, and nobody is there',
    });
    stage.unattended = undefined;
    stage.confirmed = () => true;
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('goes on with an undo that failed or was broken off, before anything else', async () => {
    const stage = new Stage(cutting());
    let broken = true;
    stage.program('remove', ([path = '']) => {
      if (broken) return { exitCode: 1, stderr: 'not now' };
      stage.files.all.delete(path);
      return undefined;
    });
    expect(await stage.run()).toMatchObject({
      status: 'rollback-incomplete',
      exitCode: 5,
      message: expect.stringContaining(
        '"net" goes back (nobody confirmed it within 10 min), and its undo failed',
      ),
      hint: expect.stringContaining('migrate resume sample-1'),
    });
    stage.confirmed = () => true;
    expect(await stage.run()).toMatchObject({ status: 'rollback-incomplete' });
    broken = false;
    expect(await stage.run()).toMatchObject({ status: 'failed', exitCode: 1 });
    expect(there(stage)).toEqual(['/before']);
    expect(stage.of('step.expired')).toHaveLength(1);
  });

  it('needs no word when a person settled that the step was undone by hand', async () => {
    const stage = new Stage(cutting());
    await killedAt(stage, 'command.ended', 'before');
    stage.files.all.delete('/net');
    await stage.do((session) => settle(session, 'net', 'undone', 'I did'));
    stage.confirmed = () => true;
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('takes back a step that an edit has taken out of the runbook', async () => {
    const stage = new Stage(cutting());
    await killedAt(stage, 'step.completed', 'after');
    const without = chain().step('before', makes('/before')).step('after', makes('/after'));
    expect(await stage.run({ runbook: without, acceptChanges: true })).toMatchObject({
      status: 'failed',
      step: 'net',
    });
    expect(stage.acts).toEqual(['make /before', 'make /net', 'remove /net']);
  });
});

describe('a word by hand', () => {
  it('counts only for a step that is done and waits for it', async () => {
    const stage = new Stage(cutting());
    const confirm = (step: string) => stage.do((session) => confirmByHand(session, step));
    await killedAt(stage, 'step.started', 'after');
    await expect(confirm('after')).rejects.toMatchObject({ code: 'confirm.not-armed', exitCode: 2 });
    await expect(confirm('net')).rejects.toMatchObject({ code: 'confirm.not-done', exitCode: 2 });
    stage.clock.pass(10 * minute);
    await expect(confirm('net')).rejects.toMatchObject({ code: 'confirm.too-late', exitCode: 1 });
  });
});

describe('a step that takes effect at boot and must be confirmed', () => {
  const atBoot = () =>
    chain()
      .step('before', makes('/before'))
      .step('boot-other', makes('/other', { needs: ['before'], effective: 'at-boot', confirmWithin: '30m' }))
      .reboot('restart', { needs: ['boot-other'], instructions: 'reboot' })
      .step('after', makes('/after', { needs: ['before'] }));

  it('lets the reboot be asked for, and nothing else, and is confirmed after it', async () => {
    const stage = new Stage(atBoot());
    stage.confirmed = () => true;
    expect(await stage.run()).toMatchObject({ status: 'waiting', step: 'restart', exitCode: 3 });
    await expect(stage.do((session) => confirmByHand(session, 'boot-other'))).rejects.toMatchObject({
      code: 'confirm.not-booted',
    });
    expect(await stage.run()).toMatchObject({ status: 'waiting', step: 'restart' });
    stage.reboot();
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.acts).toEqual(['make /before', 'make /other', 'make /after']);
  });

  it('is taken back by whatever goes on after the boot, and asks for the boot again when it is tried again', async () => {
    const stage = new Stage(atBoot());
    await stage.run();
    stage.unattended = 'boot';
    stage.reboot(minute);
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('It takes effect when this machine boots; reboot it now.'),
    });
    expect(there(stage)).toEqual(['/before']);
    stage.unattended = undefined;
    stage.reboot();
    stage.confirmed = () => true;
    expect(await stage.run()).toMatchObject({ status: 'waiting', step: 'restart' });
    stage.reboot();
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('is taken back when the boot came after the deadline', async () => {
    const stage = new Stage(atBoot());
    await stage.run();
    stage.reboot(31 * minute);
    expect(await stage.run()).toMatchObject({ status: 'failed', step: 'boot-other' });
    expect(there(stage)).toEqual(['/before']);
  });
});

describe('a process that is killed around a step that must be confirmed', () => {
  const count = async (stage: Stage) => {
    let appends = 0;
    stage.appendFate = () => void (appends += 1);
    await stage.run();
    return appends;
  };

  it.each([
    ['confirmed', true, ['/after', '/before', '/net']],
    ['not confirmed', false, ['/before']],
  ])(
    'at any append, before or after it is durable: where it is %s, the world is the same in the end',
    async (_, word, world) => {
      const whole = new Stage(cutting({}, { needs: ['net'] }));
      whole.confirmed = () => word;
      const appends = await count(whole);
      expect(there(whole)).toEqual(world);
      expect(appends).toBeGreaterThan(12);
      for (let at = 1; at <= appends; at += 1) {
        for (const fate of ['before', 'after'] as const) {
          for (const unattended of [undefined, 'boot'] as const) {
            const stage = new Stage(cutting({}, { needs: ['net'] }));
            stage.confirmed = () => word;
            let seen = 0;
            stage.appendFate = () => ((seen += 1) === at ? fate : undefined);
            expect(await stage.tryRun()).toBe(killed);
            stage.appendFate = () => undefined;
            stage.unattended = unattended;
            await endOf(stage, word);
            expect([at, fate, there(stage)]).toEqual([at, fate, world]);
            const decided = stage.types().filter((type) => /^step\.(confirmed|expired)$/.test(type));
            expect(new Set(decided.slice(-1))).toEqual(new Set([word ? 'step.confirmed' : 'step.expired']));
          }
        }
      }
    },
  );

  /** Resumes until it is complete, or has gone back; a person takes over where nobody is needed no longer. */
  async function endOf(stage: Stage, word: boolean): Promise<void> {
    for (let processes = 0; processes < 5; processes += 1) {
      if (stage.journal.length > 0 && stage.state.status === 'completed') return;
      const outcome = await stage.run();
      if (outcome.status === 'completed' || (outcome.status === 'failed' && !word)) return;
      stage.unattended = undefined;
    }
    throw new Error('it did not come to an end');
  }

  it('at the same time as the deadline passes leaves nothing half-way, and decides once', async () => {
    for (const type of [
      'step.completed',
      'step.expired',
      'undo.started',
      'command.started',
      'undo.completed',
    ]) {
      for (const fate of ['before', 'after'] as const) {
        const stage = new Stage(cutting());
        let seen = false;
        stage.appendFate = (body) => {
          if (seen || body.type !== type || ('step' in body && body.step !== 'net')) return undefined;
          if (type === 'command.started' && !('undoing' in body && body.undoing)) return undefined;
          seen = true;
          return fate;
        };
        expect(await stage.tryRun()).toBe(killed);
        stage.appendFate = () => undefined;
        stage.clock.pass(10 * minute);
        if (stage.state.steps.get('net')?.deadline !== undefined) {
          expect(await stage.run()).toMatchObject({ status: 'failed', step: 'net' });
        }
        expect([type, fate, there(stage)]).toEqual([type, fate, ['/before']]);
        expect(stage.of('step.expired')).toHaveLength(1);
        expect(stage.acts.filter((act) => act === 'make /net')).toHaveLength(1);
      }
    }
  });
});

it('a step whose undo nobody can prove is taken back all the same', async () => {
  const stage = new Stage(chain().step('net', blind('/net', { confirmWithin: '1m' })));
  expect(await stage.run()).toMatchObject({ status: 'failed' });
  expect(there(stage)).toEqual([]);
});
