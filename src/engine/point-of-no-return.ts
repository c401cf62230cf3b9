import { stepState } from '../journal/state.ts';
import type { RollbackPlan } from '../plan/rollback.ts';
import { contextOf } from './context.ts';
import { settleDoubt } from './doubt.ts';
import { lastResorts } from './last-resort.ts';
import { outcome, type Outcome } from './outcome.ts';
import { isJournalFailure, nodeOf, record, throwIfInterrupted, type Session } from './session.ts';

/** Past the point of no return there is no way back by undo, unless the step turns out never to have begun. */
export async function refuseIrreversible(session: Session, plan: RollbackPlan): Promise<Outcome | undefined> {
  const { run } = session.state;
  for (const { id, node, step } of plan.irreversible) {
    if (await neverBegan(session, id)) {
      const why = 'it never began';
      await record(session, { type: 'undo.completed', step: id, by: 'nothing-to-undo', why });
      continue;
    }
    const how = step.status === 'done' ? 'is done' : 'may be done, wholly or in part,';
    const undo = step.intent?.undo;
    const why = undo?.kind === 'irreversible' ? undo.why : node.irreversible;
    const resorts = lastResorts({ ...session, host: session.ports.host });
    return outcome(
      'rollback-incomplete',
      `"${id}" ${how} and cannot be undone${why === undefined ? '' : `: ${why}`}. Nothing was changed`,
      {
        step: id,
        hint: [
          ...(resorts.length === 0
            ? ['What is left: copy the data back from where it is now and verify it, or restore the backup.']
            : ['What is left, by what these steps have saved:', ...resorts.map((line) => `  ${line}`)]),
          `Undo what came after it: migrate rollback ${run} --to ${id}`,
        ].join('\n'),
      },
    );
  }
  return undefined;
}

async function neverBegan(session: Session, id: string): Promise<boolean> {
  const step = stepState(session.state, id);
  const node = nodeOf(session, id);
  const open = step.status === 'started' || step.status === 'interrupted' || step.status === 'failed';
  if (open && node?.kind === 'step') {
    try {
      await settleDoubt(session, node, contextOf(session, node));
    } catch (thrown) {
      // What cannot be told was begun.
      if (isJournalFailure(thrown)) throw thrown;
      throwIfInterrupted(session.signal);
    }
  }
  return step.status === 'not-started';
}
