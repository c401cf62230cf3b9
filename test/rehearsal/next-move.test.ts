import { describe, expect, it } from 'vitest';
import { fold } from '../../src/journal/fold.ts';
import type { EventBody, JournalEvent } from '../../src/journal/event.ts';
import { nextMove } from '../../src/rehearsal/next-move.ts';

const boot = { bootId: 'b', initStart: '1', pidNamespace: 'p' };
const clocks = { wall: 0, boottime: 0, monotonic: 0 };
const node = (
  id: string,
  kind: 'step' | 'confirm' | 'manual' | 'reboot' | 'soak',
  reversal: 'undo' | 'irreversible' = 'undo',
) => ({
  id,
  kind,
  title: id,
  needs: [],
  reversal,
  effective: 'now' as const,
  fingerprint: '0',
});
const nodes = [
  node('copy', 'step'),
  node('ask', 'confirm'),
  node('plug', 'manual'),
  node('restart', 'reboot'),
  node('settle', 'soak'),
  node('cleanup', 'step', 'irreversible'),
];
const begun: EventBody = {
  type: 'run.started',
  run: 'r',
  runbook: 'r',
  summary: '',
  host: 'h',
  params: {},
  nodes,
  fingerprint: '0',
  source: { file: '/r.ts', files: {} },
  tools: {},
  claims: [],
  boot,
  generation: 1,
};
const entered = (step: string, kind: 'confirm' | 'manual' | 'reboot' | 'soak'): EventBody => ({
  type: 'gate.entered',
  step,
  kind,
  says: '',
  boot,
  clocks,
});
const stateAfter = (...events: readonly EventBody[]) =>
  fold([begun, ...events].map((event, index): JournalEvent => ({ v: 1, seq: index + 1, at: '', ...event })));
const after = (...events: readonly EventBody[]) => nextMove(stateAfter(...events));

describe('the operator of a rehearsal', () => {
  it('says that the machine can be reached, where a step is undone unless somebody does, after its reboot', () => {
    const armed: EventBody = {
      ...{ type: 'step.started', step: 'copy', attempt: 1, undo: { kind: 'nothing' }, boot, clocks },
      confirmWithin: 60_000,
    };
    const done: EventBody = { type: 'step.completed', step: 'copy', attempt: 1, by: 'act', verified: false };
    expect(after(armed, done)).toEqual({ kind: 'confirm', gate: 'copy' });
    expect(after(armed, done, entered('restart', 'reboot'))).toMatchObject({ kind: 'reboot' });
    const confirmed: EventBody = { type: 'step.confirmed', step: 'copy', from: 'elsewhere' };
    expect(after(armed, done, confirmed)).toMatchObject({ kind: 'resume' });
  });

  it('confirms what waits for a person, before anything else', () => {
    expect(after(entered('settle', 'soak'), entered('ask', 'confirm'))).toEqual({
      kind: 'confirm',
      gate: 'ask',
    });
    expect(after(entered('plug', 'manual'))).toEqual({ kind: 'confirm', gate: 'plug' });
  });

  it('reboots where the run waits for it', () => {
    expect(after(entered('restart', 'reboot'))).toMatchObject({ kind: 'reboot' });
  });

  it('goes on with a soak, and consents to nothing meanwhile', () => {
    expect(after(entered('settle', 'soak'))).toMatchObject({ kind: 'resume', accept: [] });
  });

  it('stops at a soak that is not healthy, which a person has to decide about', () => {
    const stopped: EventBody = { type: 'soak.stopped', step: 'settle', unhealthy: ['web: no answer'] };
    expect(after(entered('settle', 'soak'), stopped)).toEqual({
      kind: 'stop',
      why: '"settle" is not healthy: web: no answer',
    });
  });

  it('consents to what cannot be undone when nothing else is open', () => {
    expect(after()).toMatchObject({ kind: 'resume', accept: ['cleanup'] });
  });

  it('leaves a doubt to a person', () => {
    const started: EventBody = {
      type: 'step.started',
      step: 'copy',
      attempt: 1,
      undo: { kind: 'nothing' },
      boot,
      clocks,
    };
    expect(after(started)).toMatchObject({ kind: 'stop', why: expect.stringContaining('"copy"') });
  });

  it('has carried back what a rollback would lose, which waits for that word before it begins', () => {
    const state = stateAfter(entered('settle', 'soak'));
    expect(nextMove(state, { back: true })).toMatchObject({ kind: 'carry-back' });
    expect(nextMove(state, { back: true, decided: true })).toMatchObject({ kind: 'stop' });
  });

  it('reboots once where a rollback waits for it, and decides what is seen only then', () => {
    const state = stateAfter(
      { type: 'rollback.started', steps: ['copy'], reboot: true },
      { type: 'rollback.reboot-entered', boot, says: '' },
    );
    expect(nextMove(state)).toMatchObject({ kind: 'reboot' });
    expect(nextMove(state, { rebootedFrom: { ...boot, bootId: 'earlier' } })).toMatchObject({
      kind: 'reboot',
    });
    expect(nextMove(state, { rebootedFrom: boot })).toMatchObject({ kind: 'carry-back' });
    expect(nextMove(state, { rebootedFrom: boot, decided: true })).toMatchObject({ kind: 'stop' });
  });

  it('stops at a run that is over', () => {
    expect(after({ type: 'run.completed' })).toMatchObject({ kind: 'stop' });
  });
});
