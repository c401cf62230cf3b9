import { isSameBoot } from '../journal/boot.ts';
import { unconfirmed } from '../plan/deadline.ts';
import { stepState, type RunState } from '../journal/state.ts';
import type { BootIdentity } from '../runbook/index.ts';

/** What the operator of a rehearsal does next. */
export type Move =
  | { readonly kind: 'resume'; readonly why: string; readonly accept: readonly string[] }
  | { readonly kind: 'confirm'; readonly gate: string }
  | { readonly kind: 'reboot'; readonly why: string; readonly gate: string }
  /** The word that a rollback waits for about what was written to the new side. */
  | { readonly kind: 'carry-back'; readonly why: string }
  | { readonly kind: 'stop'; readonly why: string };

/** What the journal does not tell. */
export interface Driven {
  /** It was asked to go back, whether or not it has begun to. */
  readonly back?: boolean;
  /** The boot that a rollback last asked to end, and that was ended. */
  readonly rebootedFrom?: BootIdentity | undefined;
  /** The call that has just waited was told what becomes of later writes. */
  readonly decided?: boolean;
}

/**
 * Decides what to do about a run that stopped with exit code 3: open gates as a person would, reboot
 * where it asks for it, have carried back what a rollback would lose, and consent to what cannot be
 * undone when nothing else is open.
 */
export function nextMove(state: RunState, driven: Driven = {}): Move {
  if (state.status === 'rolling-back' || (state.status === 'running' && driven.back === true)) {
    return nextMoveBack(state, driven);
  }
  if (state.status !== 'running') return { kind: 'stop', why: `the run is ${state.status}` };
  const steps = state.nodes.map((node) => ({ node, step: stepState(state, node.id) }));
  const waiting = steps.filter(({ step }) => step.status === 'waiting');
  const asked = waiting.find(({ node }) => node.kind === 'confirm' || node.kind === 'manual');
  if (asked !== undefined) return { kind: 'confirm', gate: asked.node.id };
  const reboot = waiting.find(({ node }) => node.kind === 'reboot');
  if (reboot !== undefined)
    return { kind: 'reboot', why: `"${reboot.node.id}" waits for it`, gate: reboot.node.id };
  const held = unconfirmed(state);
  if (held?.status === 'done') return { kind: 'confirm', gate: held.id };
  const soak = waiting.find(({ node }) => node.kind === 'soak');
  if (soak?.step.gate?.stopped !== undefined) {
    const what = soak.step.gate.stopped.join('; ');
    return { kind: 'stop', why: `"${soak.node.id}" is not healthy: ${what}` };
  }
  if (soak !== undefined) return { kind: 'resume', why: `"${soak.node.id}" soaks`, accept: [] };
  const unaccepted = steps
    .filter(({ node, step }) => node.reversal === 'irreversible' && !step.accepted)
    .map(({ node }) => node.id);
  const doubtful = steps.filter(({ step }) => ['started', 'interrupted', 'failed'].includes(step.status));
  if (doubtful.length > 0) {
    const ids = doubtful.map(({ node }) => `"${node.id}"`).join(', ');
    return { kind: 'stop', why: `nobody but a person can tell how far ${ids} came: migrate settle` };
  }
  if (unaccepted.length === 0)
    return { kind: 'stop', why: 'it waits, and nothing in its journal says for what' };
  return { kind: 'resume', why: `consent to ${unaccepted.join(', ')}`, accept: unaccepted };
}

/** Of a rollback, which waits for a reboot and for a decision about later writes, and for nothing else. */
function nextMoveBack({ rollback }: RunState, { rebootedFrom, decided = false }: Driven): Move {
  const from = rollback?.reboot === 'waiting' ? rollback.rebootFrom : undefined;
  const isRebooted = from !== undefined && rebootedFrom !== undefined && isSameBoot(from, rebootedFrom);
  if (rollback?.reboot === 'waiting' && !isRebooted) {
    return { kind: 'reboot', why: 'the rollback waits for it', gate: 'rollback' };
  }
  if (!decided) return { kind: 'carry-back', why: 'it was written to the new side since' };
  return { kind: 'stop', why: 'the rollback waits for what no rehearsal can do' };
}
