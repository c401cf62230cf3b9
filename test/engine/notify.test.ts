import { describe, expect, it } from 'vitest';
import { resumeAfterBoot, sampleSoaks } from '../../src/engine/index.ts';
import type { Notified } from '../../src/engine/ports.ts';
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

const making = {
  commands: () => [{ argv: ['make', '/a'] }],
  undo: () => [{ argv: ['remove', '/a'] }],
};
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
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        kind: 'soak-stopped',
        watched: false,
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
    expect(told(stage)).toEqual([
      ['gate-opened', 'settle'],
      ['waiting', 'go'],
    ]);
    expect(stage.notices[1]).toMatchObject({ about: '"go" waits for you: Really?' });
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
    expect(told(stage)).toEqual([
      ['gate-opened', 'restart'],
      ['failed', 'look'],
    ]);
    expect(stage.notices[1]?.about).toContain('the disk is gone');
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
      ['gate-opened', 'restart'],
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
    expect(told(stage)).toEqual([
      ['gate-opened', 'settle'],
      ['completed', undefined],
    ]);
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

  it('is told once what could not be sent and is kept, since a later process sends it', async () => {
    const stage = staged((so) => so.confirm('go', { ask: 'Really?' }));
    stage.answers.notify = () => ({ by: 'webhook', exitCode: null, error: 'no network', kept: true });
    await stage.run();
    await afterBoot(stage);
    await afterBoot(stage);
    expect(stage.of('operator.notified')).toMatchObject([{ kind: 'waiting', kept: true }]);
  });

  it('hears of a rollback by its own name', async () => {
    const run = () => Promise.reject(new Error('the disk is gone'));
    const stage = staged((so) =>
      so
        .step('make', making)
        .reboot('restart', { needs: ['make'], instructions: 'Reboot.' })
        .step('look', {
          needs: ['restart'],
          readonly: true,
          describe: 'looks',
          onFailure: 'rollback',
          run,
        }),
    );
    await stage.run();
    await afterBoot(stage);
    expect(told(stage).at(-1)).toEqual(['rolled-back', 'look']);
    expect(stage.notices.at(-1)?.about).toContain('the disk is gone');
  });

  it('hears nothing that holds up the run: the way back has begun before the notice is taken', async () => {
    let take: (how: Notified) => void = () => {};
    const stage = staged((so) =>
      so.step('make', making).soak(
        'settle',
        soak(() => 'down', { needs: ['make'], onFailure: 'rollback' }),
      ),
    );
    stage.answers.notify = ({ kind }) =>
      kind === 'soak-stopped' ? new Promise((resolve) => (take = resolve)) : well;
    stage.program('remove', ([path = '']) => {
      expect(stage.of('operator.notified')).toEqual([]);
      stage.files.all.delete(path);
      take(well);
    });
    await stage.run();
    expect(stage.of('operator.notified')).toMatchObject([{ kind: 'soak-stopped', exitCode: 0 }]);
    expect(stage.files.all.has('/a')).toBe(false);
  });

  it.each([
    ['before the end is recorded', 'run.completed', 'before'],
    ['right after it', 'run.completed', 'after'],
  ] as const)('hears of the end, also when the process is killed %s', async (_, type, fate) => {
    const stage = staged((so) => so.reboot('restart', { instructions: 'Reboot.' }));
    await stage.run();
    stage.appendFate = (body) => (body.type === type ? fate : undefined);
    stage.reboot();
    stage.unattended = 'boot';
    await stage.process(stage.runbook, (session) => resumeAfterBoot(session, stage.runbook, {}));
    const [kept] = stage.kept.filter(({ kind }) => kind === 'completed');
    expect(kept).toMatchObject({ about: 'every step is done' });
    stage.appendFate = () => undefined;
    if (fate === 'after') return;
    // The next process comes to the same end, and whoever is told knows it as the same.
    await afterBoot(stage);
    expect(stage.notices.at(-1)).toMatchObject({ kind: 'completed', id: kept?.id });
  });

  it('knows a repeat by its id, and what is said again later by another', async () => {
    const stage = staged((so) => so.confirm('go', { ask: 'Really?' }));
    let fails = true;
    stage.answers.notify = () => (fails ? { by: 'tell-me', exitCode: 1 } : well);
    await stage.run();
    await afterBoot(stage);
    fails = false;
    await afterBoot(stage);
    // A person goes on, and the run comes to wait anew.
    stage.unattended = undefined;
    await stage.run();
    await afterBoot(stage);
    const [first, repeat, anew] = stage.notices.map(({ id }) => id);
    expect(repeat).toBe(first);
    expect(anew).not.toBe(first);
  });

  it('hears what a step has to say, each time, and that changes nothing of what was told before', async () => {
    const run = async ({ notify }: { notify: (message: object) => Promise<void> }) => {
      for (const _ of [1, 2])
        await notify({ title: 'Replication lag', body: 'Lag: 14 hours', priority: 'medium' });
    };
    const stage = staged((so) => so.step('look', { readonly: true, describe: 'looks', run }));
    expect(await stage.run()).toMatchObject({ status: 'completed' });
    expect(stage.notices).toMatchObject([
      { kind: 'message', step: 'look', message: { priority: 'medium' } },
      { kind: 'message' },
    ]);
    expect(new Set(stage.notices.map(({ id }) => id)).size).toBe(2);
    expect(stage.state.lastTold).toBeUndefined();
  });

  it('is not in the journal where there is nobody to tell', async () => {
    const stage = staged((so) => so.confirm('go', { ask: 'Really?' }));
    stage.answers.notify = () => undefined;
    await stage.run();
    await afterBoot(stage);
    expect(stage.of('operator.notified')).toEqual([]);
  });
});
