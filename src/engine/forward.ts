import { choose, frontier } from '../plan/forward.ts';
import { stepState } from '../journal/state.ts';
import { durationMs, type Node } from '../runbook/index.ts';
import { attemptCheck, attemptStep, type StepResult } from './attempt.ts';
import { stepContext } from './context.ts';
import { passPersonGate } from './gates/person.ts';
import { passRebootGate } from './gates/reboot.ts';
import { passSoak } from './gates/soak.ts';
import { refresh } from './freshness.ts';
import { outcome, type Outcome } from './outcome.ts';
import { rollBack } from './rollback.ts';
import { Interrupted, record, type Session } from './session.ts';

export interface ForwardOptions {
  /** Stop, well, when this step is done. */
  readonly until?: string;
  /** How many independent steps may run at once; 1 when left out. */
  readonly jobs?: number;
  /** Stay at a soak until it opens. */
  readonly wait?: boolean;
  /** Reorders what is ready, so that a missing need shows itself; for tests. */
  readonly shuffle?: (ready: readonly Node[]) => readonly Node[];
}

/** Goes forward until the run is complete, or something must be waited for, or something failed. */
export async function advance(session: Session, options: ForwardOptions = {}): Promise<Outcome> {
  const all = session.runbook?.nodes ?? [];
  const last = options.until === undefined ? all.length : all.findIndex(({ id }) => id === options.until) + 1;
  const nodes = all.slice(0, last);
  const ended = new Map<string, StepResult>();
  const running = new Map<string, Promise<void>>();
  let stopping: { node: Node; result: StepResult } | undefined;

  const begin = (node: Node) => {
    const work = attemptNode(session, node, options).then((result) => {
      running.delete(node.id);
      ended.set(node.id, result);
      if (result.kind === 'interrupted' || (result.kind === 'failed' && node.onFailure !== 'continue')) {
        stopping ??= { node, result };
      }
    });
    running.set(node.id, work);
  };

  for (;;) {
    if (stopping === undefined && !session.signal.aborted) {
      const busy = new Set([
        ...running.keys(),
        ...[...ended].filter(([, result]) => result.kind !== 'done').map(([id]) => id),
      ]);
      const { ready, unreachable } = frontier(nodes, session.state, busy);
      for (const node of unreachable)
        await record(session, { type: 'step.skipped', step: node.id, why: 'failed-need' });
      const ordered = options.shuffle?.(ready) ?? ready;
      const active = nodes.filter(({ id }) => running.has(id));
      for (const node of choose(ordered, active, options.jobs ?? 1)) begin(node);
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  return conclude(session, nodes, ended, stopping, options);
}

async function attemptNode(session: Session, node: Node, options: ForwardOptions): Promise<StepResult> {
  switch (node.kind) {
    case 'step':
      return (await staleBefore(session, node)) ?? attemptStep(session, node);
    case 'check':
      return attemptCheck(session, node);
    default:
      return passGate(session, node, options);
  }
}

async function passGate(
  session: Session,
  node: Exclude<Node, { kind: 'step' | 'check' }>,
  options: ForwardOptions,
): Promise<StepResult> {
  if (node.when?.(stepContext(node, session.state, session.folder)) === false) {
    await record(session, { type: 'step.skipped', step: node.id, why: 'when' });
    return { kind: 'done' };
  }
  try {
    if (node.kind === 'soak') return await passSoak(session, node, options.wait ?? false);
    if (node.kind === 'reboot') return await passRebootGate(session, node);
    return await passPersonGate(session, node);
  } catch (thrown) {
    if (thrown instanceof Interrupted || session.signal.aborted)
      return { kind: 'interrupted', by: new Interrupted(session.signal).by };
    throw thrown;
  }
}

/** Before anything irreversible, the proofs that a soak keeps fresh must still be fresh. */
async function staleBefore(
  session: Session,
  node: Extract<Node, { kind: 'step' }>,
): Promise<StepResult | undefined> {
  if (node.reversal !== 'irreversible' || stepState(session.state, node.id).status === 'done')
    return undefined;
  for (const soak of session.runbook?.nodes ?? []) {
    const { gate } = stepState(session.state, soak.id);
    if (soak.kind !== 'soak' || gate?.max === undefined) continue;
    const stale = await refresh(session, soak.fresh, durationMs(gate.max));
    if (stale !== undefined) return stale;
  }
  return undefined;
}

async function conclude(
  session: Session,
  nodes: readonly Node[],
  ended: ReadonlyMap<string, StepResult>,
  stopping: { node: Node; result: StepResult } | undefined,
  options: ForwardOptions,
): Promise<Outcome> {
  const { run } = session.state;
  if (session.signal.aborted || stopping?.result.kind === 'interrupted') {
    const { by } = new Interrupted(session.signal);
    await record(session, { type: 'run.interrupted', by });
    return outcome('interrupted', `interrupted by ${by}`, {
      step: stopping?.node.id,
      hint: `Go on with: migrate resume ${run}`,
    });
  }
  if (stopping?.result.kind === 'failed') {
    const { node, result } = stopping;
    if (node.onFailure === 'rollback') return rollBack(session, {});
    return outcome('failed', `step "${node.id}" failed: ${result.failure.message}`, {
      step: node.id,
      hint: [
        result.failure.hint,
        `Then go on with migrate resume ${run}, or back with migrate rollback ${run}`,
      ]
        .filter(Boolean)
        .join('\n'),
    });
  }
  for (const [id, result] of ended) {
    if (result.kind === 'waiting') return outcome('waiting', result.why, { step: id, hint: result.hint });
  }
  if (!frontier(nodes, session.state, new Set()).finished) {
    return outcome('failed', 'the run cannot go on, and no step says why', {
      hint: `See migrate status ${run}`,
    });
  }
  const passedOver = [...ended].filter(([, result]) => result.kind === 'failed').map(([id]) => id);
  if (options.until !== undefined && nodes.length < (session.runbook?.nodes.length ?? 0)) {
    return outcome('reached', `reached "${options.until}"`, {
      step: options.until,
      hint: `Go on with: migrate resume ${run}`,
    });
  }
  if (passedOver.length > 0) {
    return outcome('failed', `all else is done, but failed: ${passedOver.join(', ')}`, {
      step: passedOver[0],
      hint: `Mend it, then migrate resume ${run}`,
    });
  }
  await record(session, { type: 'run.completed' });
  return outcome('completed', 'every step is done');
}
