import { formatDuration } from '../duration.ts';
import type { ReportGate, ReportStep, Span } from '../documents/report.ts';
import { formatStamp } from '../moment.ts';

export const outcomeWords: Readonly<Record<ReportStep['outcome'], string>> = {
  done: 'done',
  skipped: 'skipped',
  undone: 'undone',
  failed: 'failed',
  'in-doubt': 'no end known',
  waiting: 'waits',
  'not-begun': 'not begun',
  'undo-failed': 'could not be undone',
};

export const spanWords: Readonly<Record<Span['doing'], string>> = {
  work: 'at work',
  wait: 'waiting',
  undo: 'being undone',
};

export const endWords: Readonly<Record<Span['ended'], string>> = {
  well: '',
  failed: ', failed',
  interrupted: ', interrupted',
  never: ', no end known',
};

const opened: Readonly<Record<NonNullable<ReportGate['openedBy']>, string>> = {
  person: 'confirmed by a person',
  yes: 'agreed to by --yes',
  probe: 'opened by its probe',
  boot: 'opened by a reboot',
  time: 'opened by time observed healthy',
};

/** Who opened a gate, and when. */
export function openedText({ openedBy, openedAt }: ReportGate): string {
  return openedBy === null || openedAt === null
    ? 'still closed'
    : `${opened[openedBy]}, ${dateText(openedAt)}`;
}

/** `2026-11-21 14:25:48 UTC` */
export function dateText(iso: string): string {
  return formatStamp(iso).replace('T', ' ').replace(/Z$/, ' UTC');
}

/** A length of time, where one too short to matter still has passed. */
export function spanText(milliseconds: number): string {
  return milliseconds > 0 && milliseconds < 100 ? 'under 0.1s' : formatDuration(milliseconds);
}

/** What it took, against what was planned where that is known. */
export function timeText({ workedMs, waitedMs, planned, kind }: ReportStep): string {
  const parts = [
    workedMs === 0 && waitedMs > 0 ? undefined : spanText(workedMs),
    waitedMs > 0 ? `waited ${spanText(waitedMs)}` : undefined,
    planned === undefined ? undefined : plannedText(planned, kind),
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

function plannedText({ leastMs, mostMs }: NonNullable<ReportStep['planned']>, kind: string): string {
  if (mostMs !== undefined) return `planned ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  return `planned ${formatDuration(leastMs)}${kind === 'soak' ? ' at least' : ''}`;
}

/** What remains of a step's story beside its outcome. */
export function notesOf({ attempts, note, error, irreversible, commands }: ReportStep): string[] {
  return [
    attempts > 1 ? `${attempts} attempts` : undefined,
    commands > 0 ? `${commands} ${commands === 1 ? 'command' : 'commands'}` : undefined,
    note,
    error,
    irreversible === undefined ? undefined : `gives up for good: ${irreversible}`,
  ].filter((part) => part !== undefined);
}

export function countText(count: number): string {
  return count.toLocaleString('en-US');
}
