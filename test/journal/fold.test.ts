import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventBody, type EventBody } from '../../src/journal/event.ts';
import { apply, fold } from '../../src/journal/fold.ts';
import { isOver } from '../../src/journal/state.ts';
import { anyEvent, boot, clocks, nodes, runStarted } from './any-event.ts';
import { numbered } from './events.ts';
import { cpuMs } from '../cpu-time.ts';

const state = (...bodies: EventBody[]) => fold(numbered([runStarted, ...bodies]));
const started = (step: string, more: object = {}): EventBody => ({
  ...{
    type: 'step.started',
    step,
    attempt: 1,
    undo: { kind: 'data', actions: [] },
    boot: boot(1),
    clocks: clocks(0),
  },
  ...more,
});
const completed = (step: string): EventBody => ({
  type: 'step.completed',
  step,
  attempt: 1,
  by: 'act',
  verified: false,
});
const undone = (step: string, by: 'act' | 'person' = 'act'): EventBody => ({
  type: 'undo.completed',
  step,
  by,
});
const soak: EventBody = {
  type: 'gate.entered',
  step: 'c',
  kind: 'soak',
  says: 'x',
  boot: boot(1),
  clocks: clocks(0),
};

describe('fold', () => {
  it('gives a state for every sequence of valid events, and changes none of them', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (bodies) => {
        const events = numbered([runStarted, ...bodies].map((body) => eventBody.parse(body)));
        const before = structuredClone(events);
        expect(fold(events).lastSeq).toBe(events.length);
        expect(events).toEqual(before);
      }),
    );
  });

  it('is what applying one event after the other gives, so a process that goes on knows what a new one reads', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), fc.nat(60), (bodies, cut) => {
        const events = numbered([runStarted, ...bodies]);
        const grown = fold(structuredClone(events.slice(0, 1 + cut)));
        for (const event of structuredClone(events.slice(1 + cut))) apply(grown, event);
        expect(grown).toEqual(fold(events));
      }),
    );
  });

  it('refuses a journal that does not begin with the start of a run, or starts twice', () => {
    expect(() => fold([])).toThrow(expect.objectContaining({ code: 'journal.empty', exitCode: 6 }));
    expect(() => fold(numbered([completed('a')]))).toThrow(
      expect.objectContaining({ code: 'journal.empty' }),
    );
    expect(() => state(runStarted)).toThrow(expect.objectContaining({ code: 'journal.twice' }));
  });

  it('keeps the first start and its capture until the step is undone', () => {
    const steps = [started('a', { captured: 1 }), started('a', { attempt: 2, captured: 2 })];
    expect(state(...steps).steps.get('a')).toMatchObject({
      attempts: 2,
      startedSeq: 2,
      intent: { captured: 1 },
    });
    const again = state(...steps, undone('a'), started('a', { attempt: 3, captured: 3 }));
    expect(again.steps.get('a')).toMatchObject({ startedSeq: 5, intent: { captured: 3 }, undone: false });
  });

  it('withdraws consent at a new soak, a rollback and an edit, and not otherwise', () => {
    const accepted: EventBody = { type: 'irreversible.accepted', step: 'd', by: 'flag' };
    const after = (...bodies: EventBody[]) => state(accepted, ...bodies).steps.get('d')?.accepted;
    expect(after(started('a'), completed('a'))).toBe(true);
    expect(after(soak)).toBe(false);
    expect(after({ type: 'rollback.started', steps: [], reboot: false })).toBe(false);
    expect(after({ type: 'run.changed', nodes, fingerprint: 'f', changes: [] })).toBe(false);
  });

  it('begins a soak without samples when its gate is entered anew', () => {
    const sample: EventBody = {
      type: 'gate.sampled',
      step: 'c',
      healthy: true,
      readings: {},
      boot: boot(1),
      clocks: clocks(0),
    };
    expect(state(soak, sample, sample).steps.get('c')?.gate?.samples).toHaveLength(2);
    expect(state(soak, sample, undone('c'), soak).steps.get('c')?.gate?.samples).toHaveLength(0);
  });

  it('goes on as what it was when its state was moved', () => {
    const moved: EventBody = { type: 'run.moved', to: '/elsewhere' };
    const opened: EventBody = { type: 'run.opened', generation: 2, from: '/here' };
    expect(state(moved)).toMatchObject({ status: 'moved', movedTo: '/elsewhere' });
    expect(isOver(state(moved))).toBe(true);
    expect(state(moved, opened)).toMatchObject({ status: 'running', movedTo: undefined, generation: 2 });
    expect(state({ type: 'run.completed' }, moved, opened).status).toBe('completed');
    expect(state({ type: 'run.completed', failed: ['c'] }, moved, opened).status).toBe('ended');
    const rollingBack: EventBody = { type: 'rollback.started', steps: [], reboot: false };
    expect(state(rollingBack, moved, opened).status).toBe('rolling-back');
    expect(state(rollingBack, opened).status).toBe('rolling-back');
  });

  it('keeps a reboot that is being waited for when the rollback is given another aim', () => {
    const begin = (to?: string): EventBody => ({
      type: 'rollback.started',
      steps: [],
      reboot: true,
      ...(to && { to }),
    });
    const entered: EventBody = { type: 'rollback.reboot-entered', boot: boot(1), says: 'x' };
    expect(state(begin(), entered, begin('a')).rollback).toMatchObject({
      reboot: 'waiting',
      rebootFrom: boot(1),
      to: 'a',
    });
  });

  it('remembers what has yet to be proven after the boot, until a person says that it is so', () => {
    const begin: EventBody = { type: 'rollback.started', steps: [], reboot: true };
    const events = [started('b', { captured: 7 }), completed('b'), begin, undone('b')];
    expect([...(state(...events).rollback?.toProve ?? [])]).toEqual([['b', { captured: 7 }]]);
    expect(state(...events, undone('b', 'person')).rollback?.toProve.size).toBe(0);
    expect(state(...events, begin).rollback?.toProve.size).toBe(1);
  });

  it('looks again at a skipped step once what it needs is undone', () => {
    const skipped: EventBody = { type: 'step.skipped', step: 'c', why: 'when' };
    const events = [started('a'), completed('a'), started('b'), completed('b'), skipped];
    expect(state(...events, undone('a', 'person')).steps.get('c')?.status).toBe('skipped');
    expect(state(...events, undone('b', 'person')).steps.get('c')?.status).toBe('pending');
    const back: EventBody = { type: 'rollback.started', steps: ['b'], reboot: false, to: 'a' };
    const rolledBack = state(...events, back, undone('b'), { type: 'rollback.completed', to: 'a' });
    expect(rolledBack.steps.get('c')?.status).toBe('pending');
    expect(rolledBack.status).toBe('running');
  });

  it('takes in 100,000 events in well under a second', () => {
    const bodies = Array.from({ length: 10_000 }).flatMap((_, index): EventBody[] => {
      const step = `s${index}`;
      return [
        started(step),
        { type: 'command.started', step, attempt: 1, number: 1, argv: ['true'], undoing: false },
        { type: 'command.ended', step, attempt: 1, number: 1, exitCode: 0, ms: 1 },
        completed(step),
      ];
    });
    const events = numbered([runStarted, ...bodies]);
    const ms = cpuMs(() => {
      expect(fold(events).steps.size).toBe(10_000);
    });
    expect(ms).toBeLessThan(1_000);
  });
});
