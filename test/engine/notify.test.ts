import { describe, expect, it } from 'vitest';
import { resumeAfterBoot, sampleSoaks } from '../../src/engine/index.ts';
import { chain, type Unchecked } from './samples.ts';
import { Stage } from './stage.ts';

const minute = 60_000;
const well = { by: 'tell-me', exitCode: 0 };

const soak = (check: () => boolean | string, more: object = {}) => ({
  ...{ min: '40m', max: '48h', maxGap: '20m', probes: [{ name: 'up', check }], ...more },
});

function staged(build: (so: Unchecked) => Unchecked): Stage {
  const stage = new Stage(build(chain()));
  stage.answers.notify = () => well;
  return stage;
}

async function timer(stage: Stage) {
  stage.clock.pass(20 * minute);
  stage.unattended = 'timer';
  return stage.do((session) => sampleSoaks(session, stage.runbook, {}));
}

async function afterBoot(stage: Stage) {
  stage.reboot();
  stage.unattended = 'boot';
  return stage.do((session) => resumeAfterBoot(session, stage.runbook, {}));
}

const told = (stage: Stage) => stage.notices.map(({ kind, step }) => [kind, step]);

describe('somebody who is not there', () => {
  it('hears of a soak that stopped, with both ways on, and the journal says that they did', async () => {
    let health: boolean | string = true;
    const stage = staged((so) =>
      so.soak(
        'settle',
        soak(() => health),
      ),
    );
    await stage.run();
    health = 'down';
    await timer(stage);
    expect(stage.notices).toEqual([
      {
        kind: 'soak-stopped',
        step: 'settle',
        about: 'the soak "settle" stopped, it is not healthy: up: down',
        hint: expect.stringMatching(/migrate rollback sample-1\n.*migrate resume sample-1/),
        ...{ run: 'sample-1', runbook: 'sample', host: 'machine', folder: '/state/run', unattended: 'timer' },
      },
    ]);
    expect(stage.of('operator.notified')).toMatchObject([
      { kind: 'soak-stopped', step: 'settle', by: 'tell-me', exitCode: 0 },
    ]);
    await timer(stage);
    await timer(stage);
    expect(stage.notices).toHaveLength(1);
  });

  it('hears it again when it stops again after a person went on', async () => {
    const stage = staged((so) =>
      so.soak(
        'settle',
        soak(() => 'down'),
      ),
    );
    await stage.run();
    await stage.run();
    expect(told(stage)).toEqual([
      ['soak-stopped', 'settle'],
      ['soak-stopped', 'settle'],
    ]);
  });

  it('hears what waits for them once, however often the units come by', async () => {
    const stage = staged((so) =>
      so
        .soak(
          'settle',
          soak(() => true),
        )
        .confirm('go', { needs: ['settle'], ask: 'Really?' }),
    );
    await stage.run();
    for (let count = 0; count < 4; count += 1) await timer(stage);
    await afterBoot(stage);
    await afterBoot(stage);
    expect(told(stage)).toEqual([['waiting', 'go']]);
    expect(stage.notices[0]).toMatchObject({ about: '"go" waits for you: Really?' });
  });

  it('hears of a failure, and of the end', async () => {
    let fails = true;
    const run = async () => {
      if (fails) throw new Error('the disk is gone');
    };
    const step = { readonly: true, describe: 'looks', run };
    const stage = staged((so) =>
      so.reboot('restart', { instructions: 'Reboot.' }).step('look', { needs: ['restart'], ...step }),
    );
    await stage.run();
    await afterBoot(stage);
    await afterBoot(stage);
    expect(told(stage)).toEqual([['failed', 'look']]);
    expect(stage.notices[0]?.about).toContain('the disk is gone');
    fails = false;
    await afterBoot(stage);
    expect(told(stage).at(-1)).toEqual(['completed', undefined]);
    expect(stage.types().slice(-2)).toEqual(['run.completed', 'operator.notified']);
  });

  it('hears once that a run no longer goes on by itself', async () => {
    const fails = {
      readonly: true,
      describe: 'looks',
      run: () => Promise.reject(new Error('the disk is gone')),
    };
    const stage = staged((so) =>
      so.reboot('restart', { instructions: 'Reboot.' }).step('look', { needs: ['restart'], ...fails }),
    );
    await stage.run();
    for (let count = 0; count < 6; count += 1) await afterBoot(stage);
    expect(stage.of('run.stalled')).toHaveLength(1);
    expect(told(stage)).toEqual([
      ['failed', 'look'],
      ['stalled', undefined],
    ]);
  });

  it('hears nothing from a run that a person started and reads, but its end with --wait', async () => {
    const stage = staged((so) =>
      so.soak(
        'settle',
        soak(() => true),
      ),
    );
    await stage.run();
    expect(stage.notices).toEqual([]);
    await stage.run({ wait: true });
    expect(told(stage)).toEqual([['completed', undefined]]);
  });

  it.each([
    [
      'fails',
      () => ({ by: 'tell-me', exitCode: 1, error: 'no network' }),
      { exitCode: 1, error: 'no network' },
    ],
    ['throws', () => Promise.reject(new Error('broken')), { exitCode: null, error: 'broken' }],
  ])(
    'is told again at the next occasion when telling %s, and the run does not mind',
    async (_, notify, is) => {
      const stage = staged((so) => so.confirm('go', { ask: 'Really?' }));
      stage.answers.notify = notify;
      await stage.run();
      expect(await afterBoot(stage)).toMatchObject({ status: 'waiting', exitCode: 3 });
      await afterBoot(stage);
      expect(stage.of('operator.notified')).toMatchObject([is, is]);
    },
  );

  it('is not in the journal where there is nobody to tell', async () => {
    const stage = staged((so) => so.confirm('go', { ask: 'Really?' }));
    stage.answers.notify = () => undefined;
    await stage.run();
    await afterBoot(stage);
    expect(stage.of('operator.notified')).toEqual([]);
  });
});
