import { stepState } from '../journal/state.ts';
import type { StepResult } from './attempt.ts';
import { capturedContext, readContext, stepContext } from './context.ts';
import { failureOf } from './failure.ts';
import { nodeOf, record, type Session } from './session.ts';
import { verifyStep } from './verify.ts';

/**
 * Verifies again the named steps whose proof is older than `maxAge` milliseconds, or whose age cannot
 * be told since the clocks restarted. Gives a failure when one does not hold any more.
 */
export async function refresh(
  session: Session,
  ids: readonly string[],
  maxAge: number,
): Promise<StepResult | undefined> {
  for (const id of ids) {
    const node = nodeOf(session, id);
    const step = stepState(session.state, id);
    if (node?.kind !== 'step' || step.status !== 'done' || !isStale(session, id, maxAge)) continue;
    const read = readContext(node, stepContext(node, session.state, session.folder), session.ports.host);
    try {
      const { clocks } = await verifyStep(
        session,
        node,
        capturedContext(read, step.intent?.captured),
        step.output,
      );
      if (clocks !== undefined) await record(session, { type: 'step.verified', step: id, clocks });
    } catch (thrown) {
      const failure = failureOf(thrown);
      return {
        kind: 'failed',
        failure: { ...failure, message: `"${id}" no longer verifies: ${failure.message}` },
      };
    }
  }
  return undefined;
}

function isStale(session: Session, id: string, maxAge: number): boolean {
  const { verifiedAt } = stepState(session.state, id);
  if (verifiedAt === undefined) return true;
  const now = session.ports.host.clock.now();
  // The wall clock may have jumped back; a negative age is no age.
  const age = now.wall - verifiedAt.wall;
  return age < 0 || age > maxAge;
}
