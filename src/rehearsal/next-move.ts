import { unconfirmed } from '../plan/deadline.ts';
import { stepState, type RunState } from '../journal/state.ts';

/** What the operator of a rehearsal does next. */
export type Move =
  | { readonly kind: 'resume'; readonly why: string; readonly accept: readonly string[] }
  | { readonly kind: 'confirm'; readonly gate: string }
  | { readonly kind: 'reboot'; readonly why: string }
  | { readonly kind: 'stop'; readonly why: string };

/**
 * Decides what to do about a run that stopped with exit code 3: open gates as a person would, reboot
 * where it asks for it, and consent to what cannot be undone when nothing else is open.
 */
export function nextMove(state: RunState): Move {
  if (state.status === 'rolling-back') {
    return state.rollback?.reboot === 'waiting'
      ? { kind: 'reboot', why: 'the rollback waits for it' }
      : { kind: 'resume', why: 'the rollback goes on', accept: [] };
  }
  if (state.status !== 'running') return { kind: 'stop', why: `the run is ${state.status}` };
  const steps = state.nodes.map((node) => ({ node, step: stepState(state, node.id) }));
  const waiting = steps.filter(({ step }) => step.status === 'waiting');
  const asked = waiting.find(({ node }) => node.kind === 'confirm' || node.kind === 'manual');
  if (asked !== undefined) return { kind: 'confirm', gate: asked.node.id };
  const reboot = waiting.find(({ node }) => node.kind === 'reboot');
  if (reboot !== undefined) return { kind: 'reboot', why: `"${reboot.node.id}" waits for it` };
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
