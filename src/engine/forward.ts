import { exitCodes, MigrateError, UsageError } from '../errors.ts';
import { stepState, type RunState } from '../journal/state.ts';
import { unconfirmed } from '../plan/deadline.ts';
import { endedText, endedWith } from '../plan/ended.ts';
import { choose, frontier, FrontLine } from '../plan/forward.ts';
import { turnsBack } from '../plan/turn-back.ts';
import { didYouMean, type Node } from '../runbook/index.ts';
import { attemptStep } from './attempt.ts';
import { attemptCheck } from './check.ts';
import { holdForConfirmation } from './confirmation.ts';
import { passGate } from './gates/pass.ts';
import { prepareToTell, tellOfEnd } from './notify.ts';
import { mustBeDecided } from './must-be-decided.ts';
import { mustBeOpen } from './must-be-open.ts';
import type { StepResult } from './step-result.ts';
import { outcome, type Outcome } from './outcome.ts';
import { rollBack } from './rollback.ts';
import { Interrupted, record, stepOf, type Session } from './session.ts';

export interface ForwardOptions {
  /** Stop, well, when this step is done. */
  readonly until?: string;
  /** How many independent steps may run at once; 1 when left out. */
  readonly jobs?: number;
  /** Stay at a soak until it opens. */
  readonly wait?: boolean;
  /** Do not wait for the word that a step with `confirmWithin` needs: leave with exit code 3. */
  readonly leaveUnconfirmed?: boolean;
  /** Also run steps of which nobody has decided how they are undone: in a world that is thrown away. */
  readonly takesUndecided?: boolean;
  /** Reorders what is ready, so that a missing need shows itself; for tests. */
  readonly shuffle?: (ready: readonly Node[]) => readonly Node[];
}

/**
 * Goes forward until the run is complete, or something must be waited for, or something failed.
 * @throws UsageError `until.no-step`, `run.no-runbook`; MigrateError `run.rolling-back`, `run.over`; StateError when the
 *   journal cannot be written, after everything that ran was ended
 */
export async function advance(given: Session, options: ForwardOptions = {}): Promise<Outcome> {
  mustGoForward(given.state);
  if (options.takesUndecided !== true && given.runbook !== undefined) mustBeDecided(given.runbook);
  const ended = await goForward(given, options);
  await tellOfEnd(given, ended, options);
  return ended;
}

async function goForward(given: Session, options: ForwardOptions): Promise<Outcome> {
  const halt = new AbortController();
  const session = { ...given, signal: AbortSignal.any([given.signal, halt.signal]) };
  const nodes = nodesUntil(session, options.until);
  const turned = turnsBack(session.state);
  if (turned !== undefined) return goBack(session, turned, turned.why);
  /** What this process has begun and will not begin again. */
  const ended = new Map<string, StepResult>();
  const running = new Map<string, { readonly node: Node; readonly work: Promise<void> }>();
  const busy = new Set<string>();
  const front = new FrontLine(nodes, session.state, busy);
  let seen = session.state.lastSeq;
  const follow = () => {
    // What is recorded may not be part of the state yet.
    for (const event of session.ports.journal.events.slice(seen, session.state.lastSeq))
      if ('step' in event && event.step !== undefined) front.look(event.step);
    seen = session.state.lastSeq;
  };
  // There is never one later on, unless one is there or may begin.
  const mayHold = unconfirmed(session.state) !== undefined || nodes.some(mustBeConfirmed);
  let stopping: { node: Node; result: StepResult } | undefined;

  const begin = (node: Node) => {
    busy.add(node.id);
    front.look(node.id);
    const work = attemptNode(withstanding(session, node), node, options).then((result) => {
      running.delete(node.id);
      if (result.kind === 'done') busy.delete(node.id);
      else ended.set(node.id, result);
      front.look(node.id);
      if (result.kind === 'interrupted' || (result.kind === 'failed' && node.onFailure !== 'continue')) {
        stopping ??= { node, result };
      }
    });
    running.set(node.id, { node, work });
  };

  try {
    for (;;) {
      const held = mayHold ? unconfirmed(session.state) : undefined;
      const beginnable = ({ id, kind, needs }: Node) =>
        held === undefined ||
        (held.status === 'done' ? kind === 'reboot' && needs.includes(held.id) : id === held.id);
      if (held !== undefined && running.size === 0) {
        const ahead = frontier(nodes, session.state, new Set(ended.keys())).ready.filter(beginnable);
        const standing = await holdForConfirmation(session, held, {
          tried: ended.has(held.id),
          rebootAhead: held.status === 'done' && ahead.length > 0,
          leave: options.leaveUnconfirmed ?? false,
        });
        if (typeof standing === 'object') return await instead(session, held.id, standing, ended);
        if (standing === 'confirmed') continue;
      }
      if (stopping === undefined && !session.signal.aborted) {
        follow();
        const unreachable = held === undefined ? [...front.unreachable] : [];
        for (const node of unreachable)
          await record(session, { type: 'step.skipped', step: node.id, why: 'failed-need' });
        const ready = held === undefined ? front.ready : front.ready.filter(beginnable);
        const ordered = options.shuffle?.(ready) ?? ready;
        const active = [...running.values()].map(({ node }) => node);
        for (const node of choose(ordered, active, options.jobs ?? 1)) begin(node);
      }
      if (running.size === 0) break;
      await Promise.race([...running.values()].map(({ work }) => work));
    }
  } catch (thrown) {
    // The journal has failed, or this program has. What still runs must not go on unrecorded.
    halt.abort('a failure of the journal');
    await Promise.allSettled([...running.values()].map(({ work }) => work));
    throw thrown;
  }
  return conclude(session, nodes, ended, stopping, options);
}

/**
 * @throws MigrateError `run.rolling-back` when a rollback has begun, `run.over` when nothing is left to do
 */
function mustGoForward(state: RunState): void {
  mustBeOpen(state);
  if (state.status !== 'rolling-back') return;
  throw new MigrateError('run.rolling-back', `${state.run} is on its way back, and cannot go forward`, {
    exitCode: exitCodes.usage,
    hint: `Finish the rollback first: migrate rollback ${state.run}`,
  });
}

function nodesUntil(session: Session, until: string | undefined): readonly Node[] {
  if (session.runbook === undefined) {
    // Without its steps a run would seem to have none left.
    throw new UsageError('run.no-runbook', `${session.state.run} cannot go forward without its runbook`);
  }
  const all = session.runbook.nodes;
  if (until === undefined) return all;
  const index = all.findIndex(({ id }) => id === until);
  if (index !== -1) return all.slice(0, index + 1);
  const known = all.map(({ id }) => id);
  throw new UsageError('until.no-step', `there is no step "${until}".${didYouMean(until, known)}`);
}

function mustBeConfirmed(node: Node): boolean {
  return node.kind === 'step' && node.confirmWithin !== undefined;
}

/** What may cut the operator off must not be stopped half-way because it does. */
function withstanding(session: Session, node: Node): Session {
  if (!mustBeConfirmed(node)) return session;
  return { ...session, signal: heedless(session.signal) };
}

/** Aborted as the other is, but not by a terminal that hangs up. */
function heedless(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const pass = () => {
    if (signal.reason !== 'SIGHUP') controller.abort(signal.reason);
  };
  if (signal.aborted) pass();
  else signal.addEventListener('abort', pass, { once: true });
  return controller.signal;
}

/**
 * The end of a process that stopped at a step that nobody has confirmed: a reboot that was asked for
 * says better what to do, and a failure may be meant to take everything back.
 */
async function instead(
  session: Session,
  held: string,
  standing: Outcome,
  ended: ReadonlyMap<string, StepResult>,
): Promise<Outcome> {
  if (standing.status === 'waiting') {
    for (const [id, result] of ended) {
      if (result.kind === 'waiting') return outcome('waiting', result.why, { step: id, hint: result.hint });
    }
  }
  const node = session.runbook?.nodes.find(({ id }) => id === held);
  if (standing.status !== 'failed' || node?.onFailure !== 'rollback') return standing;
  return goBack({ ...session, signal: new AbortController().signal }, node, standing.message);
}

async function attemptNode(session: Session, node: Node, options: ForwardOptions): Promise<StepResult> {
  if (mustBeAttended(session, node)) {
    return {
      kind: 'waiting',
      why: `"${node.id}" must be confirmed by somebody, and nobody is there`,
      hint: `Go on with: migrate resume ${session.state.run}`,
    };
  }
  switch (node.kind) {
    case 'step':
      return attemptStep(session, node);
    case 'check':
      return attemptCheck(session, node);
    default:
      return passGate(session, node, options);
  }
}

/** Nothing that may cut everybody off is begun by itself. */
function mustBeAttended(session: Session, node: Node): boolean {
  return (
    session.unattended !== undefined &&
    node.kind === 'step' &&
    node.confirmWithin !== undefined &&
    stepOf(session, node).intent === undefined
  );
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
    if (node.onFailure === 'rollback' || result.goBack === true)
      return goBack(session, node, `step "${node.id}" failed: ${result.failure.message}`);
    return outcome('failed', `step "${node.id}" failed: ${result.failure.message}`, {
      step: node.id,
      hint: [
        result.failure.hint,
        `${result.failure.hint === undefined ? 'Mend it, then' : 'Then'} go on with migrate resume ${run}, or back with migrate rollback ${run}`,
      ]
        .filter(Boolean)
        .join('\n'),
    });
  }
  for (const [id, result] of ended) {
    if (result.kind === 'waiting') return outcome('waiting', result.why, { step: id, hint: result.hint });
  }
  const { finished } = frontier(nodes, session.state, new Set(ended.keys()));
  const passedOver = [...ended].filter(([, result]) => result.kind === 'failed').map(([id]) => id);
  const isKnown = (id: string) => stepState(session.state, id).knownLimitation !== undefined;
  const whole = nodes.length === (session.runbook?.nodes.length ?? 0);
  const failed = whole ? endedWith(nodes, session.state) : undefined;
  if (failed !== undefined && failed.length > 0) return endWithVerdicts(session, failed, options);
  if (passedOver.length > 0) {
    const rest = finished ? 'all else is done' : 'what does not need it is done';
    return outcome(
      'failed',
      `${rest}, but failed: ${passedOver.map((id) => (isKnown(id) ? `${id} (known limitation)` : id)).join(', ')}`,
      {
        step: passedOver.find((id) => !isKnown(id)) ?? passedOver[0],
        hint: `Mend it, then migrate resume ${run}`,
        anew: finished && onlyAsks(session),
      },
    );
  }
  if (!finished) {
    return outcome('failed', 'the run cannot go on, and no step says why', {
      hint: `See migrate status ${run}`,
    });
  }
  if (options.until !== undefined && nodes.length < (session.runbook?.nodes.length ?? 0)) {
    return outcome('reached', `reached "${options.until}"`, {
      step: options.until,
      hint: `Go on with: migrate resume ${run}`,
    });
  }
  const completed = outcome('completed', 'every step is done');
  await prepareToTell(session, completed, options.wait);
  await record(session, { type: 'run.completed' });
  return completed;
}

/** A FAIL is an answer: whoever has all of them has nothing to resume. */
async function endWithVerdicts(
  session: Session,
  failed: readonly string[],
  options: ForwardOptions,
): Promise<Outcome> {
  const { state } = session;
  const step = failed.find((id) => stepState(state, id).knownLimitation === undefined) ?? failed[0];
  const ended = outcome('ended', endedText(state), { step, anew: true });
  await prepareToTell(session, ended, options.wait);
  await record(session, { type: 'run.completed', failed: [...failed] });
  return ended;
}

/** A run that only asks leaves nothing behind, so another may take its place. */
function onlyAsks({ state }: Session): boolean {
  return state.nodes.every(({ reversal }) => reversal === 'readonly');
}

/** The step's failure stays what it is, also when everything is undone after it. */
export async function goBack(session: Session, node: Pick<Node, 'id'>, failed: string): Promise<Outcome> {
  const undone = await rollBack(session, {});
  const message = `${failed}\nThen: ${undone.message}`;
  const exitCode = undone.status === 'rolled-back' ? exitCodes.stepFailed : undone.exitCode;
  return { ...undone, message, exitCode, step: node.id };
}
