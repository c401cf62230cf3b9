import { UsageError } from '../../errors.ts';
import { crashPoints, formatCrashSpec, parseCrashSpec, type CrashSpec } from '../crash.ts';

/** One experiment; its text repeats it alone. */
export type CrashCase =
  /** Killed on the way to the checkpoint of `step`, at each of these places after the other, and resumed. */
  | { readonly kind: 'forward'; readonly step: string; readonly crashes: readonly CrashSpec[] }
  /** The last step that is done is taken back alone, killed there or not. */
  | { readonly kind: 'undo'; readonly step: string; readonly crashes: readonly CrashSpec[] }
  /** The whole run is taken back when `step` is done; killed in every undo and around a reboot, or nowhere. */
  | { readonly kind: 'rollback'; readonly step: string; readonly killed: boolean };

export const groups = [
  ...crashPoints,
  'pairs',
  'undo',
  ...crashPoints
    .filter((point) => ['taking-lock', 'freeing-lock', 'half-line'].includes(point))
    .map((point) => `undo/${point}` as const),
  'rollback',
  'killed-rollback',
] as const;

/** The kinds of places that are counted together, and can be chosen. */
export type Group = (typeof groups)[number];

export function groupOf(one: CrashCase): Group {
  if (one.kind === 'rollback') return one.killed ? 'killed-rollback' : 'rollback';
  const [first, second] = one.crashes;
  if (first === undefined) return 'undo';
  if (second !== undefined) return 'pairs';
  const { point } = first;
  const named = groups.find((group) => group === `undo/${point}`);
  return one.kind === 'undo' && named !== undefined ? named : point;
}

/** `mid-act:copy`, `taking-lock@copy` (on the way to it), `mid-act:copy+at-gate:go@go`, `undo/mid-undo:copy`, `rollback/copy`. */
export function formatCase(one: CrashCase): string {
  if (one.kind === 'rollback') return `${one.killed ? 'killed-rollback' : 'rollback'}/${one.step}`;
  const places = one.crashes.map(formatCrashSpec).join('+');
  const front = one.kind === 'undo' ? 'undo/' : '';
  if (one.crashes.length === 0) return `${front}${one.step}`;
  const isPlain = one.crashes.length === 1 && one.crashes[0]?.step === one.step;
  return `${front}${places}${isPlain ? '' : `@${one.step}`}`;
}

/** @throws UsageError `crash.case` for a text that names no case, `crash.spec` for a place that is none */
export function parseCase(text: string): CrashCase {
  const [, kind, rest] = /^(?:(undo|rollback|killed-rollback)\/)?(.+)$/.exec(text) ?? [];
  if (rest !== undefined && kind?.endsWith('rollback') === true) {
    return { kind: 'rollback', step: rest, killed: kind === 'killed-rollback' };
  }
  if (rest !== undefined) {
    const direction = kind === 'undo' ? 'undo' : 'forward';
    if (direction === 'undo' && !/[:@]/.test(rest)) return { kind: 'undo', step: rest, crashes: [] };
    const [places = '', on] = rest.split('@');
    const crashes = places.split('+').map(parseCrashSpec);
    const step = on ?? (crashes.length === 1 ? crashes[0]?.step : undefined);
    if (step !== undefined && step !== '') return { kind: direction, step, crashes };
  }
  throw new UsageError(
    'crash.case',
    `${JSON.stringify(text)} names no case`,
    'Copy it from what a sweep printed, such as mid-act:copy, taking-lock@copy, undo/mid-undo:copy or rollback/copy.',
  );
}

/** What the program is told; see `dyingAt`. */
export function crashText(one: CrashCase): string | undefined {
  if (one.kind === 'rollback' || one.crashes.length === 0) return undefined;
  return one.crashes.map(formatCrashSpec).join('+');
}
