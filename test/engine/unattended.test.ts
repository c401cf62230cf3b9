import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { resumeAfterBoot, sampleSoaks, type Outcome, type Session } from '../../src/engine/index.ts';
import { secret } from '../../src/runbook/index.ts';
import { soaksDue } from '../../src/plan/unattended.ts';
import { blind, chain, makes } from './samples.ts';
import { Stage } from './stage.ts';

const minute = 60_000;

/** A new process of the boot unit, with nobody there, after a boot. */
async function boots(stage: Stage, runbook = stage.runbook): Promise<Outcome> {
  stage.reboot();
  return stage.do((session) => resumeAfterBoot(byNobody(session, 'boot'), runbook, {}));
}

function byNobody(session: Session, unattended: 'boot' | 'timer'): Session {
  return { ...session, unattended };
}

describe('after a boot, with nobody there', () => {
  test('a run goes on, and a rollback that waited for it too', async () => {
    const stage = new Stage(
      chain()
        .step('switch', { ...makes('/boots'), effective: 'at-boot' })
        .reboot('restart', { needs: ['switch'], instructions: 'reboot' })
        .step('after', { needs: ['restart'], ...makes('/after') }),
    );
    expect((await stage.run()).status).toBe('waiting');
    expect(await boots(stage)).toMatchObject({ status: 'completed' });
    expect((await stage.rollBack()).status).toBe('waiting');
    expect(await boots(stage)).toMatchObject({ status: 'rolled-back' });
    expect(stage.of('run.resumed').map(({ unattended }) => unattended)).toEqual(['boot', undefined, 'boot']);
  });

  test('what brings the machine down each time is tried three times, then left until a person resumes', async () => {
    const stage = new Stage(chain().step('act', { ...makes('/a'), idempotent: true }));
    stage.diesAt = (point) => point === 'after-intent';
    await stage.tryRun();
    for (let boot = 1; boot <= 3; boot += 1) {
      stage.reboot();
      await stage.process(stage.runbook, (session) =>
        resumeAfterBoot(byNobody(session, 'boot'), stage.runbook, {}),
      );
    }
    expect(stage.of('step.started')).toHaveLength(4);
    for (let boot = 4; boot <= 6; boot += 1) {
      expect(await boots(stage)).toMatchObject({
        exitCode: 3,
        message: expect.stringContaining('booted 3 times'),
      });
    }
    expect(stage.of('step.started')).toHaveLength(4);
    expect(stage.of('run.stalled')).toMatchObject([{ boots: 3 }]);
    stage.diesAt = () => false;
    expect((await stage.run()).status).toBe('completed');
  });

  test('nothing irreversible begins, not even with the consent of before the boot', async () => {
    const stage = new Stage(
      chain().step('delete', {
        ...blind('/x'),
        idempotent: true,
        undo: undefined,
        irreversible: 'gone',
      }),
    );
    stage.answers.accept = () => 'phrase';
    stage.diesAt = (point) => point === 'after-intent';
    await stage.tryRun();
    stage.diesAt = () => false;
    const acts = stage.acts.length;
    expect(await boots(stage)).toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining('--accept-irreversible delete'),
    });
    expect(stage.acts).toHaveLength(acts);
  });

  test('an edit of what is done waits for a person', async () => {
    const stage = new Stage(
      chain()
        .step('first', makes('/a'))
        .confirm('agreed', { ask: 'good?', needs: ['first'] }),
    );
    await stage.run();
    const edited = new Stage(
      chain()
        .step('first', makes('/b'))
        .confirm('agreed', { ask: 'good?', needs: ['first'] }),
    );
    expect(await boots(stage, edited.runbook)).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('first'),
    });
    expect(stage.types()).not.toContain('run.changed');
    expect(await boots(stage)).toMatchObject({ exitCode: 3, message: expect.stringContaining('good?') });
  });

  test('a secret that only an environment held is refused with the mend', async () => {
    const params = z.object({ password: secret('x') });
    const stage = new Stage(
      chain({ params }).step('first', makes('/a')).confirm('agreed', { ask: 'good?' }),
      params.parse({ password: 'env:P' }),
    );
    await stage.run();
    await expect(boots(stage)).rejects.toMatchObject({
      code: 'params.secret',
      hint: expect.stringContaining('password=file:'),
    });
  });
});

describe('the timer', () => {
  const soaking = () => {
    const stage = new Stage(
      chain()
        .step('first', makes('/a'))
        .step('fails', {
          ...makes('/b'),
          onFailure: 'continue',
          commands: () => [{ argv: ['false'] }],
        })
        .soak('settle', {
          needs: ['first'],
          min: '20m',
          max: '1d',
          maxGap: '10m',
          probes: [{ name: 'up', check: () => true }],
        })
        .step('after', { needs: ['settle'], ...makes('/after') }),
    );
    const look = () => stage.do((session) => sampleSoaks(byNobody(session, 'timer'), stage.runbook, {}));
    return { stage, look };
  };

  test('looks when a quarter of the longest gap has passed, opens the soak, and goes on', async () => {
    const { stage, look } = soaking();
    await stage.run();
    expect(await look()).toBeUndefined();
    const acts = stage.acts.length;
    const outcomes: (string | undefined)[] = [];
    for (let at = 0; at < 30 && stage.of('gate.opened').length === 0; at += 1) {
      stage.clock.pass(minute);
      outcomes.push((await look())?.status);
      if (stage.of('gate.opened').length === 0) expect(stage.acts).toHaveLength(acts);
    }
    expect(stage.of('gate.opened')).toMatchObject([{ by: 'time' }]);
    expect(stage.of('gate.sampled').length).toBeLessThan(12);
    expect(stage.of('step.completed').map(({ step }) => step)).toContain('after');
  });

  test('leaves a soak alone that has stopped', async () => {
    const { stage, look } = soaking();
    await stage.run();
    await stage
      .do((session) =>
        session.ports.journal
          .append({ type: 'soak.stopped', step: 'settle', unhealthy: ['up'] })
          .then(() => 0),
      )
      .catch(() => {});
    stage.clock.pass(9 * minute);
    const samples = stage.of('gate.sampled').length;
    expect(await look()).toMatchObject({ exitCode: 3, message: expect.stringContaining('stopped') });
    expect(stage.of('gate.sampled')).toHaveLength(samples);
  });

  test('has nothing to do while nothing soaks', async () => {
    const stage = new Stage(chain().confirm('agreed', { ask: 'good?' }));
    await stage.run();
    expect(soaksDue(stage.state, stage.boot, stage.clock.now())).toEqual([]);
  });
});
