import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleSoaks } from '../../src/engine/index.ts';
import { soakProgress } from '../../src/plan/soak.ts';
import { chain } from './samples.ts';
import { Stage } from './stage.ts';

const minute = 60_000;
const hour = 60 * minute;
const maxGap = 20 * minute;

/** A machine with a soak of a day, and the truth about how long it was awake and well since the first look. */
class Life extends Stage {
  wellMs = 0;
  #ill = false;
  #troubles = 0;

  constructor(lasts: 'boot' | 'boots' | 'no counter', min: number) {
    const counter = { name: 'troubles', lasts, counter: () => String(this.#troubles) };
    const up = { name: 'up', check: () => !this.#ill };
    const probes = lasts === 'no counter' ? [up] : [up, counter];
    super(chain().soak('settle', { min, max: '90d', maxGap, probes }));
    const pass = this.clock.pass.bind(this.clock);
    this.clock.pass = (ms) => {
      if (!this.#ill) this.wellMs += ms;
      pass(ms);
    };
  }

  get ill(): boolean {
    return this.#ill;
  }

  set ill(ill: boolean) {
    if (ill && !this.#ill) this.#troubles += 1;
    this.#ill = ill;
  }

  override reboot(downFor: number): void {
    super.reboot(downFor);
    // By the clock's own word it has run for so long already.
    this.wellMs += 5_000;
  }

  get over(): boolean {
    return this.journal.at(-1)?.type === 'run.completed';
  }

  async timer(): Promise<void> {
    if (this.over) return;
    this.unattended = 'timer';
    await this.do((session) => sampleSoaks(session, this.runbook, {}));
    this.unattended = undefined;
  }

  async resume(): Promise<void> {
    if (!this.over) await this.run();
  }

  /** Stays for so many sleeps, at each of which something may happen; then the connection is lost. */
  async wait(sleeps: number, meanwhile: () => void = () => {}): Promise<void> {
    if (this.over) return;
    let left = sleeps;
    this.clock.onSleep = () => {
      meanwhile();
      left -= 1;
      if (left <= 0) this.interruption.abort('SIGHUP');
    };
    await this.run({ wait: true });
    this.clock.onSleep = () => {};
    this.interruption = new AbortController();
  }

  get countedMs(): number {
    const { samples = [] } = this.state.steps.get('settle')?.gate ?? {};
    return soakProgress(samples, { min: 24 * hour, maxGap }).countedMs;
  }
}

/** Days until the soak is open, by a machine that really samples. */
async function daysOf(life: Life, oneDay: () => Promise<void>): Promise<number> {
  await life.run();
  for (let day = 1; day <= 20; day += 1) {
    await oneDay();
    if (life.over) return day;
  }
  return Infinity;
}

describe('a laptop that is on for three hours a day', () => {
  it('finishes a soak of 24 hours in nine days under the timer alone, and sleeps in between', async () => {
    const life = new Life('no counter', 24 * hour);
    const days = await daysOf(life, async () => {
      for (let look = 0; look < 18; look += 1) {
        life.clock.pass(10 * minute);
        await life.timer();
      }
      life.clock.suspend(21 * hour);
    });
    expect(days).toBe(9);
    expect(life.of('gate.opened')).toMatchObject([{ by: 'time' }]);
  });

  it('finishes it in eight days with a counter and one resume a day, and is switched off in between', async () => {
    const life = new Life('boots', 24 * hour);
    const days = await daysOf(life, async () => {
      life.clock.pass(3 * hour);
      await life.resume();
      if (!life.over) life.reboot(21 * hour);
    });
    expect(days).toBe(8);
  });

  it('never finishes it with one resume a day and no counter', async () => {
    const life = new Life('no counter', 24 * hour);
    const days = await daysOf(life, async () => {
      life.clock.pass(3 * hour);
      await life.resume();
      life.clock.suspend(21 * hour);
    });
    expect(days).toBe(Infinity);
    expect(life.countedMs).toBe(0);
  });
});

describe('timer, --wait and resume in any order', () => {
  const anyHappening = fc.oneof(
    fc.record({ does: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 40 * minute }) }),
    fc.record({ does: fc.constant('jump' as const), ms: fc.integer({ min: -6 * hour, max: 6 * hour }) }),
    fc.record({ does: fc.constant('sleep' as const), ms: fc.integer({ min: 1, max: 12 * hour }) }),
    fc.record({ does: fc.constant('boot' as const), ms: fc.integer({ min: 1, max: 12 * hour }) }),
    fc.record({ does: fc.constantFrom('fall ill' as const, 'get well' as const) }),
    fc.record({ does: fc.constantFrom('timer' as const, 'resume' as const) }),
    fc.record({
      does: fc.constant('wait' as const),
      sleeps: fc.integer({ min: 1, max: 5 }),
      jumps: fc.boolean(),
    }),
  );

  type Happening = typeof anyHappening extends fc.Arbitrary<infer T> ? T : never;

  async function live(life: Life, happening: Happening): Promise<void> {
    if ('sleeps' in happening)
      return life.wait(happening.sleeps, () => happening.jumps && life.clock.jump(hour));
    switch (happening.does) {
      case 'pass':
        return life.clock.pass(happening.ms);
      case 'jump':
        return life.clock.jump(happening.ms);
      case 'sleep':
        return life.clock.suspend(happening.ms);
      case 'boot':
        return life.reboot(happening.ms);
      case 'timer':
        return life.timer();
      case 'resume':
        return life.resume();
      default:
        life.ill = happening.does === 'fall ill';
    }
  }

  it('never count more than the machine was awake and well, and open only when enough was counted', async () => {
    const min = 90 * minute;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyHappening, { minLength: 5, maxLength: 25 }),
        fc.constantFrom('boot' as const, 'boots' as const),
        async (happenings, lasts) => {
          const life = new Life(lasts, min);
          await life.run();
          life.wellMs = 0;
          for (const happening of happenings) {
            await live(life, happening);
            expect(life.countedMs).toBeLessThanOrEqual(life.wellMs);
            if (life.over) {
              expect(life.countedMs).toBeGreaterThanOrEqual(min);
              return;
            }
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});
