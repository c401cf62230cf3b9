import { describe, expect, it } from 'vitest';
import type { Sampler } from '../../src/journal/state.ts';
import { sampleSoaks } from '../../src/engine/index.ts';
import { chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A soak behind a step that can be undone; what its probe says is the test's. */
class Soaking extends Stage {
  health: boolean | string | (() => boolean | string) = true;

  constructor(more: object = {}, after: (so: Unchecked) => Unchecked = (so) => so) {
    const check = () => (typeof this.health === 'function' ? this.health() : this.health);
    const steps = chain().step('make', makes('/made'));
    super(
      after(
        steps.soak('settle', {
          ...{ needs: ['make'], min: '1h', max: '48h', maxGap: '20m' },
          probes: [{ name: 'up', check }],
          ...more,
        }),
      ),
    );
  }

  /** What the timer unit does every so often. */
  async timer() {
    this.unattended = 'timer';
    try {
      return await this.do((session) => sampleSoaks(session, this.runbook, {}));
    } finally {
      this.unattended = undefined;
    }
  }

  async passThenTimer(ms: number) {
    this.clock.pass(ms);
    return this.timer();
  }

  get stops() {
    return this.of('soak.stopped');
  }
}

describe('a soak that is not healthy', () => {
  it('stops when a second look moments later finds it so again, and waits for a decision with exit code 3', async () => {
    const stage = new Soaking();
    await stage.run();
    stage.clock.pass(20 * minute);
    await stage.run();
    stage.health = 'sonarr is down';
    stage.clock.pass(20 * minute);
    const sleeps: number[] = [];
    stage.clock.onSleep = (ms) => sleeps.push(ms);
    const outcome = await stage.run();
    expect(sleeps).toEqual([10_000]);
    expect(outcome).toMatchObject({
      status: 'waiting',
      exitCode: 3,
      step: 'settle',
      message:
        '"settle" stopped, it is not healthy: up: sonarr is down. The 20 min soaked so far stay, 40 min are to go',
      hint: 'Go back: migrate rollback sample-1\nOr mend it and go on soaking: migrate resume sample-1',
    });
    expect(stage.stops).toMatchObject([{ step: 'settle', unhealthy: ['up: sonarr is down'] }]);
    expect(stage.of('gate.sampled').slice(-2)).toMatchObject([
      { healthy: false, sampler: 'resume' },
      { healthy: false, sampler: 'resume', confirms: true },
    ]);
    expect(stage.of('gate.sampled').at(-2)).not.toHaveProperty('confirms');
  });

  it('does not stop for a probe that is well again moments later; only the intervals around it are lost', async () => {
    const stage = new Soaking();
    await stage.run();
    stage.clock.pass(20 * minute);
    const answers = ['a hiccup', true];
    stage.health = () => answers.shift() ?? true;
    expect(await stage.run()).toMatchObject({ message: expect.stringContaining('0 min healthy so far') });
    expect(stage.stops).toEqual([]);
    stage.clock.pass(20 * minute);
    expect(await stage.run()).toMatchObject({ message: expect.stringContaining('20 min healthy so far') });
  });

  it('is tolerated as often in a row as the author says, and a healthy look begins anew', async () => {
    const stage = new Soaking({ tolerate: 2 });
    await stage.run();
    stage.health = false;
    for (const stops of [0, 0]) {
      await stage.passThenTimer(20 * minute);
      expect(stage.stops).toHaveLength(stops);
    }
    stage.health = true;
    await stage.passThenTimer(20 * minute);
    stage.health = false;
    for (const stops of [0, 0, 1]) {
      await stage.passThenTimer(20 * minute);
      expect(stage.stops).toHaveLength(stops);
    }
  });

  it('has as many tries again once a person went on', async () => {
    const stage = new Soaking({ tolerate: 1 });
    await stage.run();
    stage.health = false;
    await stage.passThenTimer(20 * minute);
    await stage.passThenTimer(20 * minute);
    expect(stage.stops).toHaveLength(1);
    stage.clock.pass(20 * minute);
    expect((await stage.run()).message).toContain('It is not healthy: up.');
    expect(stage.stops).toHaveLength(1);
    await stage.passThenTimer(20 * minute);
    expect(stage.stops).toHaveLength(2);
  });

  it.each(['timer', 'boot'] as const)(
    'is not looked at by the %s unit once it has stopped, and goes on by a resume',
    async (by) => {
      const stage = new Soaking();
      await stage.run();
      stage.health = 'down';
      await stage.passThenTimer(20 * minute);
      stage.health = true;
      const samples = stage.of('gate.sampled').length;
      stage.clock.pass(20 * minute);
      if (by === 'timer') expect(await stage.timer()).toMatchObject({ status: 'waiting', exitCode: 3 });
      else {
        stage.unattended = 'boot';
        expect(await stage.run()).toMatchObject({ status: 'waiting', exitCode: 3 });
        stage.unattended = undefined;
      }
      expect(stage.of('gate.sampled')).toHaveLength(samples);
      expect((await stage.run()).message).toContain('0 min healthy so far');
      expect(stage.of('gate.sampled')).toHaveLength(samples + 1);
      await stage.passThenTimer(20 * minute);
      expect(stage.of('gate.sampled')).toHaveLength(samples + 2);
    },
  );

  it('asks whoever is there: stop here', async () => {
    const stage = new Soaking();
    stage.health = 'down';
    stage.answers.soak = () => 'stop';
    expect(await stage.run({ wait: true })).toMatchObject({ status: 'waiting', exitCode: 3 });
  });

  it('asks whoever is there: go on soaking, which is journaled, and keeps looking with --wait', async () => {
    const stage = new Soaking();
    stage.health = 'down';
    const asked: unknown[] = [];
    stage.answers.soak = (...question) => {
      asked.push(question);
      stage.health = true;
      return 'go-on';
    };
    expect(await stage.run({ wait: true })).toMatchObject({ status: 'completed' });
    expect(asked).toEqual([['settle', ['up: down']]]);
    expect(stage.of('soak.continued')).toMatchObject([{ step: 'settle' }]);
    expect(stage.state.steps.get('settle')?.gate?.stopped).toBeUndefined();
  });

  it('asks whoever is there: roll back now', async () => {
    const stage = new Soaking();
    stage.health = 'down';
    stage.answers.soak = () => 'rollback';
    expect(await stage.run()).toMatchObject({
      status: 'rolled-back',
      exitCode: 1,
      message: expect.stringMatching(/"settle" failed: it was not healthy: up: down\nThen: everything/),
    });
    expect(stage.files.all.has('/made')).toBe(false);
  });

  it.each<[string, (stage: Soaking) => Promise<unknown>]>([
    ['a person', (stage) => stage.run()],
    ['--wait', (stage) => stage.run({ wait: true })],
    ['the timer', (stage) => stage.timer()],
  ])("goes back at once when the author says onFailure: 'rollback', whoever looks: %s", async (_, looks) => {
    const stage = new Soaking({ onFailure: 'rollback' });
    await stage.run();
    stage.health = 'down';
    stage.clock.pass(20 * minute);
    stage.answers.soak = () => expect.unreachable();
    expect(await looks(stage)).toMatchObject({ status: 'rolled-back', exitCode: 1 });
    expect(stage.stops).toHaveLength(1);
    expect(stage.files.all.has('/made')).toBe(false);
    expect(stage.state.status).toBe('rolled-back');
  });

  it.each<[string, (stage: Soaking) => Promise<unknown>]>([
    ['a person', (stage) => stage.run()],
    ['the timer', (stage) => stage.timer()],
  ])(
    'goes back also when it was killed between the stop and the rollback, at the next look: %s',
    async (_, looks) => {
      const stage = new Soaking({ onFailure: 'rollback' });
      await stage.run();
      stage.health = 'down';
      stage.clock.pass(20 * minute);
      stage.appendFate = (event) => (event.type === 'soak.stopped' ? 'after' : undefined);
      expect(await stage.tryRun()).toBe(killed);
      stage.appendFate = () => undefined;
      stage.health = true;
      expect(await looks(stage)).toMatchObject({
        status: 'rolled-back',
        message: expect.stringContaining('it was not healthy: up: down'),
      });
      expect(stage.files.all.has('/made')).toBe(false);
    },
  );

  it("keeps looking without a stop when the author says onFailure: 'continue', and counts when it is well", async () => {
    const stage = new Soaking({ onFailure: 'continue' });
    stage.health = 'down';
    let looks = 0;
    stage.clock.onSleep = () => {
      looks += 1;
      if (looks === 6) stage.health = true;
    };
    expect(await stage.run({ wait: true })).toMatchObject({ status: 'completed' });
    expect(stage.stops).toEqual([]);
  });

  it('can be killed between any two lines of its journal, and is stopped or looked at anew', async () => {
    const script = async (stage: Soaking) => {
      await stage.tryRun();
      stage.health = 'down';
      stage.clock.pass(20 * minute);
      await stage.tryRun();
    };
    const whole = new Soaking();
    await script(whole);
    for (let seq = 1; seq <= whole.journal.length; seq += 1) {
      for (const fate of ['before', 'after'] as const) {
        const stage = new Soaking();
        let dead = false;
        stage.appendFate = (_, at) => {
          if (dead || at !== seq) return undefined;
          dead = true;
          return fate;
        };
        await script(stage);
        expect(dead).toBe(true);
        stage.health = 'down';
        await stage.tryRun();
        expect(stage.state.steps.get('settle')?.gate?.stopped).toEqual(['up: down']);
        stage.health = true;
        for (let count = 0; count < 4; count += 1) {
          await stage.run();
          if (stage.state.status === 'completed') break;
          stage.clock.pass(20 * minute);
        }
        expect(stage.state.status).toBe('completed');
      }
    }
    expect(await new Soaking().tryRun()).not.toBe(killed);
  });
});

describe('a probe', () => {
  it('that gives no answer is not healthy after a while, so that nothing waits for ever', async () => {
    const stage = new Soaking({
      maxGap: '50ms',
      probes: [{ name: 'up', check: () => new Promise(() => {}) }],
    });
    expect((await stage.run()).message).toContain('up: it gave no answer within 0.05 s');
  });
});

describe('who looks', () => {
  const sampled = (stage: Stage) => stage.of('gate.sampled').map(({ sampler }) => sampler);

  it.each<[Sampler, (stage: Soaking) => Promise<unknown>, RegExp]>([
    ['resume', (stage) => stage.run(), /Nobody looks by itself: each migrate resume sample-1 looks once/],
    [
      'wait',
      (stage) => {
        stage.clock.onSleep = () => stage.interruption.abort('SIGINT');
        return stage.run({ wait: true });
      },
      /This process looks while it runs.*after it nobody does: migrate boot enable/,
    ],
    [
      'timer',
      (stage) => {
        stage.hasTimer = true;
        return stage.run();
      },
      /A timer looks by itself, and two looks at most 20 min apart count/,
    ],
  ])('is named when the soak is entered, with what makes time count: %s', async (sampler, enter, says) => {
    const stage = new Soaking();
    await enter(stage);
    expect(stage.of('gate.entered')).toMatchObject([{ sampler, says: expect.stringMatching(says) }]);
  });

  it('makes no difference: timer, --wait and resume go on with what the others have counted', async () => {
    const stage = new Soaking({ min: '2h' });
    await stage.run();
    stage.clock.pass(20 * minute);
    await stage.timer();
    stage.clock.pass(20 * minute);
    await stage.run();
    // --wait is interrupted after half an hour, and the timer takes over again.
    let left = 3;
    stage.clock.onSleep = () => {
      left -= 1;
      if (left === 0) stage.interruption.abort('SIGINT');
    };
    stage.clock.pass(10 * minute);
    expect(await stage.run({ wait: true })).toMatchObject({ status: 'interrupted', exitCode: 130 });
    stage.interruption = new AbortController();
    const { countedMs } = await counted(stage);
    expect(countedMs).toBe(70 * minute);
    for (let count = 0; count < 4; count += 1) await stage.passThenTimer(20 * minute);
    expect(stage.state.status).toBe('completed');
    expect(new Set(sampled(stage))).toEqual(new Set(['resume', 'timer', 'wait']));
  });

  it('is not the timer when nothing soaks, nor when somebody looked a moment ago', async () => {
    const stage = new Soaking();
    await stage.run();
    expect(await stage.timer()).toBeUndefined();
    expect(await stage.passThenTimer(minute)).toBeUndefined();
    expect(stage.of('gate.sampled')).toHaveLength(1);
    expect(stage.types()).not.toContain('run.resumed');
  });

  it('lets the timer go on with the rest of the run once the soak opens', async () => {
    const stage = new Soaking({}, (so) => so.step('last', makes('/last', { needs: ['settle'] })));
    await stage.run();
    for (let count = 0; count < 3; count += 1) await stage.passThenTimer(20 * minute);
    expect(stage.state.status).toBe('completed');
    expect(stage.files.all.has('/last')).toBe(true);
  });
});

describe('a counter', () => {
  const counting = (counter: () => unknown, more: object = {}) =>
    new Soaking({
      probes: [
        { name: 'up', check: () => true },
        { name: 'restarts', counter, ...more },
      ],
    });

  it('is kept with each look, and vouches for hours without one', async () => {
    const stage = counting(() => 'none');
    await stage.run();
    stage.clock.pass(30 * minute);
    stage.clock.suspend(8 * hour);
    expect((await stage.run()).message).toContain('30 min healthy so far, 30 min to go');
    expect(stage.of('gate.sampled')).toMatchObject([
      { counters: { restarts: 'none' } },
      { counters: { restarts: 'none' } },
    ]);
    expect(stage.of('gate.sampled')[0]).not.toHaveProperty('lasting');
    stage.clock.pass(30 * minute);
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('that lasts over boots is kept as one, and vouches for the time since the boot', async () => {
    const stage = counting(() => 'cursor', { lasts: 'boots' });
    await stage.run();
    stage.reboot(10 * hour);
    stage.clock.pass(40 * minute);
    expect((await stage.run()).message).toContain('40 min healthy so far');
    expect(stage.of('gate.sampled')).toMatchObject([{ lasting: ['restarts'] }, { lasting: ['restarts'] }]);
  });

  it('that moved costs the interval, and does not stop the soak', async () => {
    let restarts = 0;
    const stage = counting(() => String(restarts));
    await stage.run();
    restarts = 1;
    stage.clock.pass(10 * minute);
    expect((await stage.run()).message).toMatch(
      /did not count: something went wrong.*restarts went from 0 to 1/,
    );
    expect(stage.stops).toEqual([]);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('no journal')), 'restarts: no journal'],
    ['is no text', () => 3, 'restarts: its counter is 3, and no text'],
  ])('that %s is not healthy', async (_, counter, says) => {
    expect((await counting(counter).run()).message).toContain(says);
  });

  it('is read before the checks, so that trouble during a look shows at the next one', async () => {
    const order: string[] = [];
    const stage = new Soaking({
      probes: [
        { name: 'up', check: () => Boolean(order.push('check')) },
        { name: 'restarts', counter: () => String(order.push('counter') > 0) },
      ],
    });
    await stage.run();
    expect(order).toEqual(['counter', 'check']);
  });
});

async function counted(stage: Stage) {
  const { soakProgress } = await import('../../src/plan/soak.ts');
  const samples = stage.state.steps.get('settle')?.gate?.samples ?? [];
  return soakProgress(samples, { min: 2 * hour, maxGap: 20 * minute });
}
