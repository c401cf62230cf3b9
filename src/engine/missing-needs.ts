import { stepState } from '../journal/state.ts';
import type { RollbackStep } from '../plan/rollback.ts';
import { outcome, type Outcome } from './outcome.ts';
import { record, type Session } from './session.ts';
import type { Need } from './way-back.ts';

/**
 * Refuses to begin a rollback that would stop half-way, because something that an undo consumes is gone.
 *
 * @param waived steps that somebody said to undo all the same
 * @param steps of the rollback, in their order
 */
export function refuseMissing(
  { state }: Session,
  needs: readonly Need[],
  waived: readonly string[],
  steps: readonly RollbackStep[],
): Outcome | undefined {
  const missing = lacking(needs).filter(
    ({ step }) => !waived.includes(step) && !stepState(state, step).needsWaived,
  );
  const [first] = missing;
  if (first === undefined) return undefined;
  const { run } = state;
  const blocked = new Set(missing.map(({ step }) => step));
  const latest = steps.findIndex(({ id }) => blocked.has(id));
  const keep = steps[latest];
  const to =
    keep !== undefined && latest > 0 && keep.step.status === 'done'
      ? [`Undo only what came after it: migrate rollback ${run} --to ${keep.id}`]
      : [];
  const accept = [...blocked].map((step) => ` --accept-missing ${step}`).join('');
  return outcome(
    'rollback-incomplete',
    `the rollback would stop half-way, so nothing is undone. What it needs and does not find:\n${missing
      .map(({ step, name, why }) => `  ${step}: ${name}: ${why ?? 'it is not there'}`)
      .join('\n')}`,
    {
      step: first.step,
      hint: [
        ...missing.flatMap(({ mend }) => mend ?? []),
        `Mend it, and call it again: migrate rollback ${run}`,
        ...to,
        `Or go on all the same; its undo then does what it can: migrate rollback ${run}${accept}`,
      ].join('\n'),
    },
  );
}

/** Keeps in the journal what somebody went on without. */
export async function recordWaivers(
  session: Session,
  needs: readonly Need[],
  waived: readonly string[],
): Promise<void> {
  for (const step of new Set(waived)) {
    const missing = lacking(needs).filter((need) => need.step === step);
    if (missing.length === 0 || stepState(session.state, step).needsWaived) continue;
    await record(session, {
      type: 'undo.needs-waived',
      step,
      missing: missing.map(({ name, why }) => (why === undefined ? name : `${name}: ${why}`)),
    });
  }
}

function lacking(needs: readonly Need[]): readonly Need[] {
  return needs.filter(({ holds, advisory }) => holds === 'no' && !advisory);
}
