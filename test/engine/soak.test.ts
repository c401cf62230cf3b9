import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chain, makes, type Unchecked } from './samples.ts';
import { killed, Stage } from './stage.ts';

const minute = 60_000;
const hour = 60 * minute;

let health: boolean | string | undefined | (() => never) = true;

function soaking(more: object = {}, before: (so: Unchecked) => Unchecked = (so) => so): Stage {
  health = true;
  const check = () => (typeof health === 'function' ? health() : health);
  return new Stage(
    before(chain()).soak('settle', {
      min: '1h',
      max: '48h',
      maxGap: '20m',
      probes: [{ name: 'up', check }],
      ...more,
    }),
  );
}

/** Resumes every so often, as a timer would. */
async function every(stage: Stage, gap: number, times: number) {
  let last = await stage.run();
  for (let count = 0; count < times && last.status === 'waiting'; count += 1) {
    stage.clock.pass(gap);
    last = await stage.run();
  }
  return last;
}

describe('a soak', () => {
  it('opens after enough observed healthy time, sampled by each resume', async () => {
    const stage = soaking();
    expect(await every(stage, 20 * minute, 2)).toMatchObject({ status: 'waiting', exitCode: 3 });
    expect(await every(stage, 20 * minute, 1)).toMatchObject({ status: 'completed' });
    expect(stage.of('gate.entered')).toMatchObject([
      { sampler: 'resume', min: hour, max: 48 * hour, maxGap: 20 * minute },
    ]);
    expect(stage.of('gate.opened')).toMatchObject([{ by: 'time' }]);
  });

  it('says before its time how long it counted, when it opens at the earliest, and what did not count', async () => {
    const stage = soaking();
    await stage.run();
    stage.clock.pass(15 * minute);
    await stage.run();
    stage.clock.pass(25 * minute);
    const outcome = await stage.run();
    const opens = new Date(stage.clock.now().wall + 45 * minute).toISOString();
    expect(outcome.message).toBe(
      `"settle" soaks: 15 min healthy so far, 45 min to go, ${opens} at the earliest. ` +
        `25 min up to ${new Date(stage.clock.now().wall).toISOString()} did not count: nobody looked for too long.`,
    );
    expect(outcome.hint).toContain('at least every 20 min');
  });

  it('keeps looking with --wait until it opens, twice within the longest gap', async () => {
    const stage = soaking();
    const sleeps: number[] = [];
    stage.clock.onSleep = (ms) => sleeps.push(ms);
    expect((await stage.run({ wait: true })).status).toBe('completed');
    expect(sleeps).toEqual(Array.from({ length: 6 }, () => 10 * minute));
    expect(stage.of('gate.entered')).toMatchObject([{ sampler: 'wait' }]);
  });

  it('goes to sleep for no longer than what is left, and not ever shorter', async () => {
    const stage = soaking({ min: '25m' });
    const sleeps: number[] = [];
    stage.clock.onSleep = (ms) => sleeps.push(ms);
    await stage.run({ wait: true });
    expect(sleeps).toEqual([10 * minute, 10 * minute, 5 * minute]);
  });

  it.each([6, -6])('does not count an interval in which the wall clock jumped by %i hours', async (hours) => {
    const stage = soaking();
    await stage.run();
    stage.clock.pass(15 * minute);
    stage.clock.jump(hours * hour);
    const outcome = await stage.run();
    expect(outcome.message).toContain('0 min healthy so far');
    expect(outcome.message).toContain('the wall clock jumped');
    expect(await every(stage, 15 * minute, 4)).toMatchObject({ status: 'completed' });
  });

  it('does not count an interval in which the machine slept', async () => {
    const stage = soaking();
    await stage.run();
    stage.clock.pass(5 * minute);
    stage.clock.suspend(8 * hour);
    const outcome = await stage.run();
    expect(outcome.message).toContain('0 min healthy so far');
    expect(outcome.message).toContain('8 h 5 min');
    expect(outcome.message).toContain('the machine slept');
  });

  it('does not count an interval with a boot in it, and keeps what was counted before', async () => {
    const stage = soaking();
    await every(stage, 20 * minute, 1);
    stage.reboot(minute);
    expect((await stage.run()).message).toMatch(/20 min healthy so far.*the machine booted in between/);
    expect(await every(stage, 20 * minute, 2)).toMatchObject({ status: 'completed' });
  });

  it('counts no interval with an unhealthy end, and names what is wrong', async () => {
    const stage = soaking();
    await every(stage, 20 * minute, 1);
    health = 'sonarr is down';
    stage.clock.pass(20 * minute);
    expect((await stage.run()).message).toMatch(
      /not healthy: up: sonarr is down. The 20 min soaked so far stay/,
    );
    health = true;
    stage.clock.pass(20 * minute);
    expect((await stage.run()).message).toMatch(/20 min healthy so far.*it began unhealthy/);
    expect(await every(stage, 20 * minute, 2)).toMatchObject({ status: 'completed' });
  });

  it('never opens while its probe flaps at each sample', async () => {
    const stage = soaking();
    for (let count = 0; count < 20; count += 1) {
      health = count % 2 === 0;
      expect((await stage.run()).message).toMatch(/0 min (healthy|soaked) so far/);
      stage.clock.pass(20 * minute);
    }
  });

  it('does not open on an unhealthy sample, however much was counted', async () => {
    const stage = soaking();
    await every(stage, 20 * minute, 2);
    stage.clock.pass(20 * minute);
    const samples = stage.of('gate.sampled').length;
    health = false;
    expect((await stage.run()).status).toBe('waiting');
    expect(stage.of('gate.sampled')).toHaveLength(samples + 2);
    health = true;
    expect(await every(stage, 20 * minute, 1)).toMatchObject({ status: 'completed' });
  });

  it.each([
    ['fails', () => Promise.reject(new Error('no answer')), 'up: no answer'],
    ['forgets to answer', () => undefined, 'up: it answered undefined'],
    ['answers with a number', () => 1, 'up: it answered 1'],
    ['says no', () => false, 'up'],
  ])('takes a probe that %s for unhealthy, and stops', async (_, check, says) => {
    const stage = soaking({ probes: [{ name: 'up', check }] });
    expect((await stage.run()).message).toContain(`it is not healthy: ${says}.`);
  });

  it('lasts as long as its parameters say', async () => {
    const stage = new Stage(
      chain().soak('settle', {
        min: ({ params }: Unchecked) => params.hours,
        max: '48h',
        maxGap: '1h',
        probes: [{ name: 'up', check: () => true }],
      }),
      { hours: '2h' },
    );
    expect(await every(stage, hour, 1)).toMatchObject({ status: 'waiting' });
    expect(await every(stage, hour, 1)).toMatchObject({ status: 'completed' });
  });

  it('fails with a message when its length is none, and samples nothing', async () => {
    const stage = soaking({ min: () => 'soon' });
    expect(await stage.run().catch((error: unknown) => error)).toMatchObject({
      message: expect.stringContaining('"soon" is no duration'),
    });
    expect(stage.types()).toEqual(['run.started']);
  });

  it('keeps its samples over a crash at any moment', async () => {
    const stage = soaking();
    await every(stage, 20 * minute, 1);
    stage.clock.pass(20 * minute);
    stage.appendFate = ({ type }) => (type === 'gate.sampled' ? 'after' : undefined);
    expect(await stage.tryRun()).toBe(killed);
    stage.appendFate = () => undefined;
    stage.clock.pass(20 * minute);
    expect((await stage.run()).status).toBe('completed');
  });

  it('is interrupted at once while it waits', async () => {
    const stage = soaking();
    stage.clock.onSleep = () => stage.interruption.abort('SIGINT');
    expect(await stage.run({ wait: true })).toMatchObject({ status: 'interrupted', exitCode: 130 });
  });

  it('counts down for whoever watches', async () => {
    const stage = soaking();
    await stage.run({ wait: true });
    const counted = stage.told.flatMap((event) =>
      event.type === 'countdown' ? [event.countedMs / minute] : [],
    );
    expect(counted).toEqual([0, 10, 20, 30, 40, 50, 60]);
  });
});

describe('what a soak keeps fresh', () => {
  let holds = true;
  let proofs = 0;
  const verify = () => {
    proofs += 1;
    if (!holds) throw new Error('the sums differ');
  };
  const kept = (max: string, step: object = makes('/copy', { verify })) => {
    holds = true;
    proofs = 0;
    return soaking({ max, needs: ['copy'], fresh: ['copy'] }, (so) => so.step('copy', step));
  };

  it('is verified again past its age when the gate opens, and the soaked time stays', async () => {
    const stage = kept('30m');
    expect(await every(stage, 20 * minute, 3)).toMatchObject({ status: 'completed' });
    expect(proofs).toBe(2);
    expect(stage.of('step.verified')).toMatchObject([{ step: 'copy' }]);
  });

  it('is not verified again within its age', async () => {
    const stage = kept('2h');
    await every(stage, 20 * minute, 3);
    expect(proofs).toBe(1);
  });

  it('keeps the gate shut when it no longer holds, and opens it when it does again', async () => {
    const stage = kept('30m');
    await every(stage, 20 * minute, 2);
    holds = false;
    stage.clock.pass(20 * minute);
    expect(await stage.run()).toMatchObject({
      status: 'failed',
      exitCode: 1,
      message: expect.stringContaining('"copy" no longer verifies: the sums differ'),
    });
    expect(stage.of('gate.opened')).toEqual([]);
    holds = true;
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('grows old while the machine sleeps, and when somebody sets the clock back', async () => {
    const stage = kept('70m');
    await every(stage, 20 * minute, 2);
    stage.clock.pass(20 * minute);
    stage.clock.jump(-45 * minute);
    // By the wall clock the proof is 35 minutes old when the gate opens, and in truth 80.
    expect(await every(stage, 20 * minute, 1)).toMatchObject({ status: 'completed' });
    expect(proofs).toBe(2);
  });

  it('is verified again when it was found done already and never begun here', async () => {
    const stage = kept('30m', makes('/copy', { verify, capture: () => ({ inode: 1 }) }));
    stage.files.all.set('/copy', { content: '', mode: 0o644 });
    await every(stage, 20 * minute, 3);
    expect(stage.of('step.skipped')).toMatchObject([{ why: 'already-done' }]);
    expect(proofs).toBe(2);
  });

  it('may be a step that only reads, which then runs again and gives its output anew', async () => {
    let reads = 0;
    const reading = {
      readonly: true as const,
      output: z.object({ read: z.number() }),
      describe: 'reads the copy',
      run: async () => ({ read: (reads += 1) }),
    };
    const stage = kept('30m', reading);
    await every(stage, 20 * minute, 3);
    expect(stage.of('step.verified')).toMatchObject([{ step: 'copy', output: { read: 2 } }]);
    expect(stage.state.steps.get('copy')?.output).toEqual({ read: 2 });
  });

  it('may be a check, which is then run again', async () => {
    let verdict = 'PASS';
    let runs = 0;
    const run = () => ({ verdict, observed: `run ${(runs += 1)}` });
    const stage = soaking({ max: '30m', needs: ['boot'], fresh: ['boot'] }, (so) =>
      so.check('boot', { expect: 'a bootable copy', run }),
    );
    await every(stage, 20 * minute, 2);
    verdict = 'FAIL';
    stage.clock.pass(20 * minute);
    expect((await stage.run()).message).toContain('"boot" no longer verifies');
    verdict = 'PASS';
    expect((await stage.run()).status).toBe('completed');
    expect(runs).toBe(3);
  });
});
