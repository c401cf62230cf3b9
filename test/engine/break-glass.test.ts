import { describe, expect, it } from 'vitest';
import { takeMarks } from '../../src/engine/index.ts';
import { stepState } from '../../src/journal/state.ts';
import { coveredSteps } from '../../src/plan/break-glass/covered.ts';
import { breakGlassScript } from '../../src/plan/break-glass/script.ts';
import { markKey } from '../../src/plan/break-glass/marks.ts';
import { blind, chain, makes } from './samples.ts';
import { killed, Stage } from './stage.ts';

const abc = () =>
  chain()
    .step('a', makes('/a'))
    .step('look', { readonly: true, describe: 'looks', run: async () => {} })
    .step('b', blind('/b', { idempotent: true, needs: ['a'] }))
    .step('c', makes('/c', { needs: ['b'], effective: 'at-boot' }));

/** As the script writes them when it has undone a step. */
function marksOf(stage: Stage, ...ids: readonly string[]): string {
  return ids
    .map((id) => {
      const undo = stepState(stage.state, id).intent?.undo ?? { kind: 'nothing' as const };
      return `${id} ${markKey(id, undo)} 1790000000 script\n`;
    })
    .join('');
}

describe('the script for a rescue shell', () => {
  it('covers every step whose act may have begun, at whatever append the power goes', async () => {
    const whole = new Stage(abc());
    await whole.run();
    for (let seq = 2; seq <= whole.journal.length; seq += 1) {
      const stage = new Stage(abc());
      stage.appendFate = (_, at) => (at === seq ? 'after' : undefined);
      expect(await stage.tryRun()).toBe(killed);
      const begun = stage.of('step.started').filter(({ undo }) => undo.kind !== 'nothing');
      for (const { step, undo } of begun)
        expect(stage.undoScript).toContain(`begin '${step}' '${markKey(step, undo)}'`);
    }
  });

  it('covers steps that begin side by side', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    const stage = new Stage(ids.reduce((all, id) => all.step(id, makes(`/${id}`)), chain()));
    await stage.run({ jobs: 4 });
    for (const id of ids) expect(stage.undoScript).toContain(`begin '${id}' `);
  });

  it('is in its place before the intent, so that a full disk leaves nothing begun and nothing in doubt', async () => {
    const stage = new Stage(abc());
    stage.program('make', ([path = '']) => {
      stage.files.all.set(path, { content: '', mode: 0o644 });
      stage.diskIsFull = true;
    });
    await expect(stage.tryRun()).rejects.toMatchObject({ code: 'journal.no-undo-script', exitCode: 6 });
    expect(stage.state.steps.get('b')?.status ?? 'pending').toBe('pending');
    expect([...stage.files.all.keys()]).toEqual(['/a']);
    stage.diskIsFull = false;
    stage.program('make', ([path = '']) => void stage.files.all.set(path, { content: '', mode: 0o644 }));
    expect(await stage.run()).toMatchObject({ status: 'completed' });
  });

  it('holds the same when each step is appended as when all are written anew, whatever was undone before', async () => {
    const blocks = (script = '') =>
      script.slice(script.indexOf('# ===')).replaceAll(/undo_[0-9]+/g, 'undo_n');
    const anew = (stage: Stage) =>
      blocks(
        breakGlassScript({
          ...{ run: 'r', summary: '', host: 'h', machineId: 'f00d', user: 0, writtenAt: '', rollbacks: 0 },
          steps: coveredSteps(stage.state, new Map(), { bootId: '', initStart: '', pidNamespace: '' }),
        }),
      );
    for (const jobs of [1, 3]) {
      const stage = new Stage(abc());
      await stage.run({ jobs });
      expect(blocks(stage.undoScript)).toBe(anew(stage));
      await stage.rollBack({ to: 'a' });
      await stage.run({ jobs });
      expect(blocks(stage.undoScript)).toBe(anew(stage));
    }
  });

  it('is written whole once, however many steps follow', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `s${index}`);
    const stage = new Stage(ids.reduce((all, id) => all.step(id, makes(`/${id}`)), chain()));
    await stage.run();
    expect(stage.undoScriptsWritten).toBe(1);
    for (const id of ids) expect(stage.undoScript).toContain(`begin '${id}' `);
  });

  it('leaves out what a rollback has undone, when the run goes on from there', async () => {
    const stage = new Stage(abc());
    await stage.run();
    await stage.rollBack({ to: 'a' });
    expect(stage.undoScript).not.toContain("begin 'b' ");
    expect(stage.undoScript).toContain("begin 'a' ");
  });
});

describe('a run whose script was run meanwhile', () => {
  it('goes back from where the script came to, and undoes nothing twice', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.undoMarks.done = marksOf(stage, 'c', 'b');
    for (const path of ['/c', '/b']) stage.files.all.delete(path);
    expect(await stage.do(takeMarks)).toEqual(['c', 'b']);
    expect(stage.state.status).toBe('rolling-back');
    expect(stage.undoMarks).toEqual({ done: '', reboot: '' });
    expect(await stage.rollBack()).toMatchObject({ status: 'rolled-back' });
    expect(stage.acts.slice(3)).toEqual(['remove /a']);
    expect(stage.of('undo.completed').map(({ step, by }) => `${step} ${by}`)).toContain('b script');
  });

  it('does not believe a mark when the probe still finds the step, or when it is of an earlier life of it', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.undoMarks.done = `${marksOf(stage, 'c')}b 0123456789ab 1790000000 script\nnonsense\n`;
    expect(await stage.do(takeMarks)).toEqual([]);
    expect(stage.state.status).toBe('completed');
    expect(stage.undoMarks.done).toBe('');
  });

  it('waits for the reboot that the script asked for, and goes on after it', async () => {
    const stage = new Stage(abc());
    await stage.run();
    stage.reboot();
    stage.undoMarks = { done: marksOf(stage, 'c'), reboot: 'boot-2 10 pid:[1]\n' };
    stage.files.all.delete('/c');
    await stage.do(takeMarks);
    expect(await stage.rollBack()).toMatchObject({ status: 'waiting' });
    expect(stage.files.all.has('/b')).toBe(true);
    stage.reboot();
    expect(await stage.rollBack()).toMatchObject({ status: 'rolled-back' });
    expect(stage.files.all.size).toBe(0);
  });

  it('takes note once, however often it is killed while it does', async () => {
    for (let more = 1; ; more += 1) {
      const stage = new Stage(abc());
      await stage.run();
      stage.undoMarks.done = marksOf(stage, 'c', 'b');
      for (const path of ['/c', '/b']) stage.files.all.delete(path);
      const from = stage.journal.length;
      stage.appendFate = (_, seq) => (seq === from + more ? 'after' : undefined);
      const first = await stage.process(stage.runbook, takeMarks);
      stage.appendFate = () => undefined;
      if (first !== killed) break;
      await stage.do(takeMarks);
      expect(stage.of('undo.completed').map(({ step }) => step)).toEqual(['c', 'b']);
      expect(stage.of('rollback.started')).toHaveLength(1);
    }
  });
});
