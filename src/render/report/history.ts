import type { JournalEvent } from '../../journal/event.ts';
import type { ReportDocument } from '../documents/report.ts';
import { foldView } from '../fold-view.ts';
import { tellingOf } from '../telling.ts';
import { emptyView } from '../view.ts';

/** What a run that simply goes forward does not have. */
const unusual: ReadonlySet<JournalEvent['type']> = new Set<JournalEvent['type']>([
  ...(['run.resumed', 'run.interrupted', 'run.stalled', 'run.changed', 'run.moved', 'run.opened'] as const),
  ...(['run.aborted', 'journal.repaired', 'orphan.ended'] as const),
  ...(['step.tried', 'step.failed', 'step.interrupted', 'step.settled', 'step.expired'] as const),
  ...(['step.confirmed', 'soak.stopped', 'soak.continued', 'irreversible.accepted'] as const),
  ...([
    'rollback.started',
    'rollback.reboot-entered',
    'rollback.reboot-passed',
    'rollback.completed',
  ] as const),
  ...(['later-writes.decided', 'undo.needs-waived', 'undo.failed', 'undo.interrupted'] as const),
]);

const most = 200;

/** What was out of the ordinary, in the words of the terminal; of very much the latest. */
export function historyOf(events: readonly JournalEvent[]): ReportDocument['history'] {
  let view = emptyView;
  const history: ReportDocument['history'] = [];
  for (const event of events) {
    const live = { type: 'journaled', event } as const;
    if (unusual.has(event.type) || (event.type === 'operator.notified' && event.exitCode !== 0)) {
      const { step, text: told } = tellingOf(live, view);
      const text = told.trim().replaceAll(/\s*\n\s*/g, ' ');
      history.push({ at: event.at, text: step === undefined ? text : `${step}: ${text}` });
    }
    view = foldView(view, live);
  }
  const left = history.length - most;
  const [first] = history;
  if (left <= 0 || first === undefined) return history;
  return [{ at: first.at, text: `${left} such events before these are left out` }, ...history.slice(left)];
}
