import { formatBytes } from '../bytes.ts';
import type { WayBackDocument, WayBackLook } from '../documents/way-back.ts';
import { harmless } from '../harmless.ts';
import { formatMoment, formatStamp } from '../moment.ts';
import type { Style } from '../style.ts';

/**
 * Until when, and to where, one can return.
 *
 * @param now milliseconds since 1970; times are told as they are when it is left out
 */
export function wayBackText(run: string, way: WayBackDocument, now?: number): string {
  if (way.past !== null) {
    const to = way.to[0];
    const partly =
      to === undefined ? '' : ` What came after it can be undone: migrate rollback ${run} --to ${to}`;
    return `Past the point of no return: ${way.past} is done.${partly}`;
  }
  if (!way.open) return 'Nothing is left to undo.';
  return `It can be rolled back ${untilText(way, now)}: migrate rollback ${run}`;
}

function untilText({ until, after, notBefore }: WayBackDocument, now: number | undefined): string {
  if (until === null) return 'at any time';
  const moment =
    notBefore === null ? '' : now === undefined ? formatStamp(notBefore) : formatMoment(notBefore, now);
  const earliest = moment === '' ? '' : `, ${moment} at the earliest`;
  return after.length === 0
    ? `until ${until} begins`
    : `until ${until} begins, which waits for ${after.join(', ')}${earliest}`;
}

const marks = { yes: ['+', 'good'], no: ['x', 'bad'], later: ['?', 'warning'] } as const;

/** What the way back needs, and what it would lose, as it was just found. */
export function wayBackLookText(look: WayBackLook, style: Style): string[] {
  const needs = look.needs.map(({ step, name, holds, why, advisory }) => {
    const [mark, tone] = marks[holds];
    const reason = why === undefined ? '' : `: ${harmless(why)}`;
    const without = holds === 'no' && advisory ? ' (it goes without)' : '';
    return `  ${style(holds === 'no' && advisory ? 'warning' : tone, mark)} ${step}: ${harmless(name)}${reason}${without}`;
  });
  return [
    ...(needs.length === 0 ? [] : ['What the way back needs:', ...needs]),
    ...look.laterWrites.flatMap((writes) => laterWritesLines(writes, style)),
  ];
}

function laterWritesLines(writes: WayBackLook['laterWrites'][number], style: Style): string[] {
  const { step, where, since, added, changed, deleted, bytes, first, decided } = writes;
  const more = added + changed + deleted - first.length;
  return [
    style('warning', `Written to ${harmless(where)} since ${formatStamp(since)}, which ${step} would lose:`),
    `  ${added} new, ${changed} changed, ${deleted} deleted, ${formatBytes(bytes)}`,
    ...first.map((path) => `    ${harmless(path)}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
    ...(decided === undefined
      ? [
          `  --later-writes carry-back: ${harmless(writes.carryBack)}`,
          `  --later-writes drop: ${harmless(writes.drop)}`,
        ]
      : [`  decided: ${decided === 'drop' ? harmless(writes.drop) : harmless(writes.carryBack)}`]),
  ];
}
