import fc from 'fast-check';
import type { EventBody, RecordedNode } from '../../src/journal/event.ts';

/** The steps of all sample journals, each needing the one before. */
export const stepIds = ['a', 'b', 'c', 'd'];

export const nodes: RecordedNode[] = stepIds.map((id, index) => ({
  id,
  kind: 'step',
  title: id,
  needs: index === 0 ? [] : [stepIds[index - 1] as string],
  reversal: id === 'd' ? 'irreversible' : 'undo',
  effective: id === 'b' ? 'at-boot' : 'now',
  fingerprint: id,
}));

export const boot = (number: number) => ({ bootId: `b${number}`, initStart: '1', pidNamespace: 'pid:[1]' });
export const clocks = (at: number) => ({ wall: at, boottime: at, monotonic: at });

export const runStarted: EventBody = {
  ...{ type: 'run.started', run: 'sample-1', runbook: 'sample', summary: 'a sample', host: 'machine' },
  ...{ params: {}, nodes, fingerprint: 'f', source: { file: '/r.ts', files: {} }, tools: {}, claims: [] },
  ...{ boot: boot(1), generation: 1 },
};

const step = fc.constantFrom(...stepIds);
const attempt = fc.integer({ min: 1, max: 3 });
const error = fc.constant({ code: 'x', message: 'y' });
const anyBoot = fc.integer({ min: 1, max: 3 }).map(boot);
const anyClocks = fc.nat(1e6).map(clocks);
const type = <const Type extends EventBody['type']>(name: Type) => fc.constant(name);
const undo = fc.constantFrom(
  { kind: 'nothing' } as const,
  { kind: 'irreversible', why: 'x' } as const,
  { kind: 'data', actions: [{ argv: ['true'] }] } as const,
);

/** Every type of event but the first, in no order that makes sense. */
export const anyEvent = fc.oneof(
  fc.record({
    type: type('run.resumed'),
    process: fc.constant({ pid: 1, startTime: '1', bootId: 'b1' }),
    boot: anyBoot,
    clocks: anyClocks,
  }),
  fc.record({ type: type('run.stalled'), boots: attempt }),
  fc.record({
    type: type('orphan.ended'),
    process: fc.constant({ pid: 1, startTime: '1', bootId: 'b1' }),
    argv: fc.constant(['true']),
    how: fc.constantFrom('ended' as const, 'waited' as const),
  }),
  fc.record({ type: type('operator.notified'), about: fc.string(), exitCode: fc.constant(0) }),
  fc.record({ type: type('step.confirmed'), step, from: fc.constant('terminal' as const) }),
  fc.record({ type: type('step.expired'), step, why: fc.string() }),
  fc.record({ type: type('step.noted'), step, attempt, note: fc.string() }),
  fc.record({ type: type('soak.stopped'), step, unhealthy: fc.constant(['x']) }),
  fc.record({ type: type('soak.continued'), step }),
  fc.record({
    type: type('later-writes.decided'),
    step,
    decision: fc.constantFrom('carry-back' as const, 'drop' as const),
    by: fc.constant('flag' as const),
  }),
  fc.record({ type: type('undo.needs-waived'), step, missing: fc.constant(['x']) }),
  fc.record({ type: type('run.interrupted'), by: fc.constant('SIGINT') }),
  fc.record({ type: type('run.completed'), failed: fc.constant(['x']) }, { requiredKeys: ['type'] }),
  fc.record({ type: type('run.aborted'), why: fc.string(), remains: fc.constant([]) }),
  fc.record({
    type: type('run.changed'),
    nodes: fc.subarray(nodes),
    fingerprint: fc.string(),
    changes: fc.constant([]),
  }),
  fc.record({ type: type('run.moved'), to: fc.constant('/elsewhere') }),
  fc.record({
    type: type('run.opened'),
    generation: fc.integer({ min: 2, max: 9 }),
    from: fc.constant('/x'),
  }),
  fc.record({ type: type('journal.repaired'), cutBytes: fc.nat() }),
  fc.record({
    type: type('step.started'),
    step,
    attempt,
    captured: fc.jsonValue({ maxDepth: 1 }),
    undo,
    boot: anyBoot,
    clocks: anyClocks,
  }),
  fc.record({ type: type('step.tried'), step, attempt, try: attempt, error, nextInMs: fc.nat() }),
  fc.record({
    type: type('step.completed'),
    step,
    attempt,
    output: fc.jsonValue({ maxDepth: 1 }),
    by: fc.constant('act' as const),
    verified: fc.boolean(),
  }),
  fc.record({
    type: type('step.skipped'),
    step,
    why: fc.constantFrom('when' as const, 'already-done' as const, 'failed-need' as const),
  }),
  fc.record({ type: type('step.failed'), step, attempt, error }),
  fc.record({ type: type('step.interrupted'), step, attempt, by: fc.constant('SIGINT') }),
  fc.record({
    type: type('step.settled'),
    step,
    as: fc.constantFrom('done' as const, 'not-started' as const, 'partial' as const, 'undone' as const),
    by: fc.constant('probe' as const),
    why: fc.string(),
  }),
  fc.record({ type: type('step.verified'), step, clocks: anyClocks }),
  fc.record({
    type: type('command.started'),
    step,
    attempt,
    number: attempt,
    argv: fc.constant(['true']),
    undoing: fc.boolean(),
  }),
  fc.record({
    type: type('command.ended'),
    step,
    attempt,
    number: attempt,
    exitCode: fc.constant(0),
    ms: fc.nat(),
  }),
  fc.record({
    type: type('gate.entered'),
    step,
    kind: fc.constantFrom('confirm' as const, 'manual' as const, 'reboot' as const, 'soak' as const),
    says: fc.string(),
    boot: anyBoot,
    clocks: anyClocks,
  }),
  fc.record({
    type: type('gate.sampled'),
    step,
    healthy: fc.boolean(),
    readings: fc.constant({ up: true }),
    boot: anyBoot,
    clocks: anyClocks,
  }),
  fc.record({
    type: type('gate.opened'),
    step,
    by: fc.constant('time' as const),
    boot: anyBoot,
    clocks: anyClocks,
  }),
  fc.record({ type: type('irreversible.accepted'), step, by: fc.constant('flag' as const) }),
  fc.record({ type: type('rollback.started'), steps: fc.constant(stepIds), reboot: fc.boolean() }),
  fc.record({ type: type('undo.started'), step, undo, boot: anyBoot }),
  fc.record({
    type: type('undo.completed'),
    step,
    by: fc.constantFrom('act' as const, 'probe' as const, 'person' as const, 'nothing-to-undo' as const),
  }),
  fc.record({ type: type('undo.failed'), step, error }),
  fc.record({ type: type('undo.interrupted'), step, by: fc.constant('SIGINT') }),
  fc.record({ type: type('rollback.reboot-entered'), boot: anyBoot, says: fc.string() }),
  fc.record({ type: type('rollback.reboot-passed'), boot: anyBoot }),
  fc.record({ type: type('rollback.completed') }),
) as fc.Arbitrary<EventBody>;
