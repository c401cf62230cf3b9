import type { JournalEvent } from '../../journal/event.ts';
import type { RunState } from '../../journal/state.ts';
import type { ReportCheck, ReportStep, Risk } from '../documents/report.ts';

/**
 * What remains to be known by whoever relies on the run: the new before the known, in the order in which it came.
 */
export function risksOf(
  events: readonly JournalEvent[],
  state: RunState,
  checks: readonly ReportCheck[],
  steps: readonly ReportStep[],
): Risk[] {
  const all = [
    ...checks.flatMap(ofCheck),
    ...steps.flatMap(ofStep),
    ...events.flatMap((event) => ofEvent(event) ?? []),
    ...notOver(state, steps),
  ];
  return [...all.filter(({ known }) => !known), ...all.filter(({ known }) => known)];
}

function risk(about: string | null, text: string): Risk {
  return { known: false, about, text };
}

function ofCheck({ id, title, verdict, observed, unblock, knownLimitation }: ReportCheck): Risk[] {
  const name = title === id ? '' : `${title}: `;
  switch (verdict) {
    case 'PASS':
      return [];
    case 'BLOCKED': {
      const how = unblock === undefined ? '' : ` To unblock it: ${unblock}`;
      return [risk(id, `${name}BLOCKED, so nobody knows. ${sentence(observed ?? '')}${how}`)];
    }
    case null:
      return observed === 'not needed here' ? [] : [risk(id, `${name}it was not asked${because(observed)}`)];
    default:
      return knownLimitation === undefined
        ? [risk(id, `${name}${verdict}: ${observed ?? ''}`)]
        : [{ known: true, about: id, text: `${name}${verdict}: ${knownLimitation}` }];
  }
}

function ofStep({ id, kind, outcome, error, irreversible, workedMs }: ReportStep): Risk[] {
  if (kind === 'check') return [];
  switch (outcome) {
    case 'failed':
      return [risk(id, `it failed, and what it did half-way may remain${because(error)}`)];
    case 'in-doubt':
      return [risk(id, 'it was begun, and nothing says yet that it ended')];
    case 'undo-failed':
      return [risk(id, `it could not be undone${because(error)}`)];
    case 'done':
      return irreversible === undefined || workedMs === 0
        ? []
        : [risk(id, `it cannot be taken back: ${irreversible}`)];
    default:
      return [];
  }
}

function ofEvent(event: JournalEvent): Risk[] | undefined {
  switch (event.type) {
    case 'step.settled':
      return event.by === 'person'
        ? [risk(event.step, `a person said that it is ${event.as}: ${event.why}`)]
        : undefined;
    case 'step.completed':
    case 'undo.completed': {
      if (event.by !== 'person') return undefined;
      const what = event.type === 'step.completed' ? 'done' : 'undone';
      return [risk(event.step, `a person said that it is ${what}${because(event.why ?? null)}`)];
    }
    case 'later-writes.decided':
      return event.decision === 'drop'
        ? [
            risk(
              event.step,
              'what was written to the new side since the cut-over was put aside, and not brought back',
            ),
          ]
        : undefined;
    case 'undo.needs-waived':
      return [risk(event.step, `it was undone although something was missing: ${event.missing.join('; ')}`)];
    case 'soak.continued':
      return [risk(event.step, 'a soak that had stopped, since it was not healthy, was gone on with')];
    case 'run.changed':
      return [risk(null, `the runbook was edited while the run went on: ${event.changes.join('; ')}`)];
    case 'run.stalled':
      return [risk(null, `the machine booted ${event.boots} times and the run did not get on`)];
    case 'journal.repaired':
      return [risk(null, `the last line of the journal was torn: ${event.cutBytes} bytes were cut off`)];
    case 'orphan.ended':
      return [
        risk(
          null,
          `process ${event.process.pid} of an earlier attempt still lived, and was ${event.how === 'ended' ? 'ended' : 'waited for'}`,
        ),
      ];
    case 'operator.notified':
      return event.exitCode === 0 || event.kept === true
        ? undefined
        : [risk(event.step ?? null, `nobody could be told: ${event.about}`)];
    case 'run.aborted':
      return event.remains.map((each) =>
        risk(null, `it was ended without undoing, and this remains: ${each}`),
      );
    default:
      return undefined;
  }
}

function notOver({ status, movedTo }: RunState, steps: readonly ReportStep[]): Risk[] {
  // Of one that has tried everything, what failed is told already.
  const tried = steps.every(({ outcome }) => ['done', 'skipped', 'failed'].includes(outcome));
  if (status === 'running') return tried ? [] : [risk(null, 'the run is not over: this is how it stood')];
  if (status === 'rolling-back') return [risk(null, 'the run is on its way back, and has not arrived')];
  return status === 'moved' ? [risk(null, `the run goes on elsewhere: ${movedTo ?? ''}`)] : [];
}

function because(why: string | null | undefined): string {
  return why === undefined || why === null || why === '' ? '' : `: ${why}`;
}

function sentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`;
}
