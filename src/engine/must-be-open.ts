import { MigrateError, StateError, exitCodes } from '../errors.ts';
import type { RunState } from '../journal/state.ts';

/**
 * @param word by which the operator finds its runbook
 * @throws StateError `run.moved` when the state was moved elsewhere and this copy is closed
 * @throws MigrateError `run.over` when nothing is left to resume
 */
export function mustBeOpen(state: RunState, word?: string): void {
  if (state.status === 'moved') {
    throw new StateError(
      'run.moved',
      `this copy of the state of ${state.run} is closed: it was moved to ${state.movedTo}`,
      `Use --state-dir ${state.movedTo}`,
    );
  }
  if (state.status === 'running' || state.status === 'rolling-back') return;
  throw new MigrateError('run.over', `${state.run} is ${state.status}: there is nothing left to resume`, {
    exitCode: exitCodes.usage,
    hint: [
      `See what it did: migrate status ${state.run}`,
      ...(word === undefined ? [] : [`Begin anew: migrate run ${word}`]),
    ].join('\n'),
  });
}
