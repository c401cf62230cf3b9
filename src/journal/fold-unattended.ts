import type { BootIdentity } from '../runbook/index.ts';
import { isSameBoot } from './boot.ts';
import type { JournalEvent } from './event.ts';

/** How far the units that go on by themselves have brought a run. */
export interface Unattended {
  /** Boots in a row after which the run went on by itself and came no further. */
  readonly vainBoots: number;
  readonly lastBoot: BootIdentity | undefined;
  /** Nothing goes on by itself any more, until a person resumes. */
  readonly stalled: boolean;
}

export const neverUnattended: Unattended = { vainBoots: 0, lastBoot: undefined, stalled: false };

/** What an event means for whether the run may go on by itself. */
export function foldUnattended(before: Unattended, event: JournalEvent): Unattended {
  if (event.type === 'run.resumed') {
    if (event.unattended === undefined) return neverUnattended;
    const again = before.lastBoot !== undefined && isSameBoot(before.lastBoot, event.boot);
    if (event.unattended === 'timer' || again) return before;
    return { ...before, vainBoots: before.vainBoots + 1, lastBoot: event.boot };
  }
  if (event.type === 'run.stalled') return { ...before, stalled: true };
  return before.vainBoots > 0 && isProgress(event) ? { ...before, vainBoots: 0 } : before;
}

/** Whatever brings a run nearer to an end, or to where it waits in peace. A start is none, nor is a failure. */
function isProgress(event: JournalEvent): boolean {
  switch (event.type) {
    case 'gate.sampled':
      return event.healthy;
    case 'step.completed':
    case 'step.skipped':
    case 'step.confirmed':
    case 'step.expired':
    case 'gate.entered':
    case 'gate.opened':
    case 'undo.completed':
    case 'rollback.reboot-entered':
    case 'rollback.reboot-passed':
    case 'rollback.completed':
      return true;
    default:
      return false;
  }
}
