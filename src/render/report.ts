import type { ResultDocument } from './documents/result.ts';
import { formatDuration } from './duration.ts';
import { harmlessLines } from './harmless.ts';
import type { Style, Tone } from './style.ts';
import { verdictTable } from './text/verdicts.ts';
import { wayBackText } from './text/way-back.ts';

const tones: Record<ResultDocument['status'], Tone> = {
  completed: 'good',
  ended: 'bad',
  reached: 'good',
  waiting: 'warning',
  failed: 'bad',
  interrupted: 'warning',
  'rolled-back': 'good',
  'rollback-incomplete': 'bad',
  opened: 'good',
  settled: 'good',
  aborted: 'warning',
};

/** There is no way back from here. */
const over: ReadonlySet<ResultDocument['status']> = new Set(['rolled-back', 'aborted']);

const asksNoMore: ReadonlySet<ResultDocument['status']> = new Set(['completed', 'ended', 'failed']);

/**
 * What a call has come to: what was done and how long it took, what waits, how to go on, and the way back.
 * @param ways also the commands by which one goes on or back
 */
export function reportText(result: ResultDocument, style: Style, ways = true): string {
  const [first = '', ...rest] = harmlessLines(result.message);
  const count = result.done.length;
  const did =
    count === 0
      ? undefined
      : `${count} ${count === 1 ? 'step' : 'steps'} in ${formatDuration(result.tookMs)}`;
  const status = result.status.replace('-', ' ');
  return [
    first.startsWith(status)
      ? style(tones[result.status], first)
      : `${style(tones[result.status], `${status}:`)} ${first}`,
    ...rest,
    ...(result.remains ?? []).map((line) => `  ${line}`),
    ...tableOf(result, style, ways),
    ...(result.hint === undefined || !ways ? [] : harmlessLines(result.hint)),
    style('faint', [did, `run ${result.run}`].filter(Boolean).join(', ')),
    ...(over.has(result.status) || !ways ? [] : [style('faint', wayBackText(result.run, result.wayBack))]),
  ].join('\n');
}

/** When nothing more is asked for the moment, what the checks have said; each was told when it ended, and is lost above. */
function tableOf(
  { status, run, checks = [], verdict }: ResultDocument,
  style: Style,
  ways: boolean,
): string[] {
  if (verdict === undefined || !asksNoMore.has(status)) return [];
  const more = ways ? [`All of it, with the evidence: migrate report ${run}`] : [];
  return ['', ...verdictTable(checks, style), ...more, ''];
}
