import { MigrateError, StateError, exitCodes } from '../errors.ts';
import type { RunState } from '../journal/state.ts';
import { difference, type Change } from '../plan/difference.ts';
import { fingerprintOf, recordNodes } from '../plan/fingerprint.ts';
import type { Runbook } from '../runbook/index.ts';
import { record, type Session } from './session.ts';

/**
 * @throws StateError `run.moved` when the state was moved elsewhere and this copy is closed
 * @throws MigrateError `run.over` when nothing is left to resume
 */
export function mustBeOpen(state: RunState): void {
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
    hint: `See what it did: migrate status ${state.run}. Begin anew: migrate run ${state.runbook}`,
  });
}

/** Records that a process goes on with the run. */
export async function recordResume(session: Session): Promise<void> {
  const { host } = session.ports;
  await record(session, {
    type: 'run.resumed',
    process: await host.self(),
    boot: await host.boot(),
    clocks: host.clock.now(),
  });
}

/**
 * Compares the runbook at hand with what the run pinned, and pins the change when it may go on.
 *
 * @param accept go on although something that is already done or begun has changed
 * @throws MigrateError `runbook.changed` with every change, when it may not
 */
export async function acceptRunbook(
  session: Session,
  runbook: Runbook,
  accept: boolean,
): Promise<readonly Change[]> {
  const { state } = session;
  const nodes = recordNodes(runbook, state.params);
  const changes = difference(state, nodes);
  if (changes.length === 0) return changes;
  const touching = changes.filter(({ touchesDone }) => touchesDone);
  const list = changes.map(({ says, touchesDone }) => `  ${touchesDone ? '!' : '-'} ${says}`).join('\n');
  if (touching.length > 0 && !accept) {
    throw new MigrateError(
      'runbook.changed',
      `the runbook was edited since ${state.run} began, and the edit touches what is done:\n${list}`,
      {
        exitCode: exitCodes.usage,
        hint: `Put the runbook back as it was, or go on all the same: migrate resume ${state.run} --accept-changes. The sources as they were lie in the run's folder under sources/.`,
      },
    );
  }
  await record(session, {
    type: 'run.changed',
    nodes,
    fingerprint: fingerprintOf(nodes),
    changes: changes.map(({ says }) => says),
  });
  return changes;
}
