import { stepState } from '../journal/state.ts';
import type { LaterWrites, LaterWritesDecision } from '../runbook/index.ts';
import { outcome, type Outcome } from './outcome.ts';
import { record, throwIfInterrupted, type Session } from './session.ts';
import type { FoundWrites } from './way-back.ts';

interface Decided {
  readonly step: string;
  readonly decision: LaterWritesDecision;
  readonly by: 'flag' | 'person' | 'parameter';
}

/**
 * Has it decided what becomes of what a rollback would lose: on the command line, by a parameter, or by
 * whoever is at the terminal. Several steps may see the same writes, so one word serves for a folder.
 *
 * @returns the decisions, still to be recorded; or the outcome when nobody decides
 */
export async function decideLaterWrites(
  session: Session,
  found: readonly FoundWrites[],
  flag: LaterWritesDecision | undefined,
): Promise<readonly Decided[] | Outcome> {
  const decided: Decided[] = [];
  const words = new Map<string, Omit<Decided, 'step'>>();
  for (const writes of found) {
    if (stepState(session.state, writes.step).laterWrites !== undefined) continue;
    const word =
      words.get(writes.where) ??
      (flag === undefined ? undefined : { decision: flag, by: 'flag' as const }) ??
      (writes.decided === undefined ? undefined : { decision: writes.decided, by: 'parameter' as const }) ??
      (await askPerson(session, writes));
    if (word === undefined) return undecided(session, writes);
    words.set(writes.where, word);
    decided.push({ step: writes.step, ...word });
  }
  return decided;
}

export async function recordDecisions(session: Session, decided: readonly Decided[]): Promise<void> {
  for (const each of decided) await record(session, { type: 'later-writes.decided', ...each });
}

async function askPerson(
  session: Session,
  writes: FoundWrites,
): Promise<{ decision: LaterWritesDecision; by: 'person' } | undefined> {
  const question = `${describeWrites(writes)}\nCarry back: ${writes.carryBack}.\nDrop: ${writes.drop}.`;
  const answer = await session.ports.operator.laterWrites(writes.step, question);
  throwIfInterrupted(session.signal);
  return answer === 'absent' ? undefined : { decision: answer, by: 'person' };
}

function undecided({ state: { run, rollback } }: Session, writes: FoundWrites): Outcome {
  const to = rollback?.to === undefined ? '' : ` --to ${rollback.to}`;
  return outcome(
    'waiting',
    `${describeWrites(writes)}\nA rollback would lose it, so nothing is undone before you decide.`,
    {
      step: writes.step,
      hint:
        `Carry it back (${writes.carryBack}): migrate rollback ${run}${to} --later-writes carry-back\n` +
        `Or drop it (${writes.drop}): migrate rollback ${run}${to} --later-writes drop`,
    },
  );
}

/** What was written, in a line for people. */
function describeWrites(writes: LaterWrites): string {
  const { where, since, added, changed, deleted, bytes, first } = writes;
  const counts = [
    added > 0 ? `${added} new` : '',
    changed > 0 ? `${changed} changed` : '',
    deleted > 0 ? `${deleted} deleted` : '',
  ].filter(Boolean);
  const more = added + changed + deleted - first.length;
  const names = first.length === 0 ? '' : `: ${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `Written to ${where} since ${since}: ${counts.join(', ')} (${bytes} bytes)${names}`;
}
