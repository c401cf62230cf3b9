import type { RecordedNode } from '../journal/event.ts';
import type { Parts } from './parts.ts';

export interface PartChange {
  readonly says: string;
  /** It matters to a step that is done. */
  readonly weighs: boolean;
}

/**
 * What has become of the aspects of a step, each in words; `undefined` when one of the two was recorded
 * without them.
 *
 * @param skipped the step was skipped since its `when` said so
 */
export function changedParts(
  old: RecordedNode,
  now: RecordedNode,
  skipped: boolean,
): readonly PartChange[] | undefined {
  if (old.parts === undefined || now.parts === undefined) return undefined;
  const before = old.parts;
  const after = now.parts;
  // One of another kind is another one altogether.
  const aspects = old.kind === now.kind ? new Set([...Object.keys(before), ...Object.keys(after)]) : [];
  return [...aspects]
    .filter((aspect) => before[aspect] !== after[aspect])
    .map((aspect) => ({
      says: `"${now.id}" ${wordsOf(aspect, before, after)}`,
      weighs:
        aspect === 'when' ? skipped : aspect === 'misfit' ? after[aspect] !== undefined : aspect !== 'undo',
    }))
    .toSorted((one, other) => (one.says < other.says ? -1 : 1));
}

/** @param aspect one that differs */
function wordsOf(aspect: string, before: Parts, after: Parts): string {
  const old = before[aspect];
  const now = after[aspect];
  switch (aspect) {
    case 'commands':
      if (now === undefined) return 'is code now, and was commands';
      return old === undefined ? 'is commands now, and was code' : 'has other commands now';
    case 'operation':
      return operationWords(old, now);
    case 'input':
      return 'gives its operation another input now';
    case 'output':
      if (now === undefined) return 'gives no output any more';
      return old === undefined ? 'gives an output now' : 'gives its output by another schema now';
    case 'misfit':
      return now === undefined
        ? 'gave an output that fits its schema again'
        : `gave an output that its schema does not take any more (${now})`;
    case 'reversal':
      return reversals[now ?? ''] ?? 'is undone in another way now';
    case 'effective':
      return now === 'at-boot' ? 'takes effect at the next boot now' : 'takes effect at once now';
    case 'confirmWithin':
      if (now === undefined) return 'need not be confirmed any more';
      return `must be confirmed within ${span(now)} now${old === undefined ? '' : `, not ${span(old)}`}`;
    case 'undo':
      return 'is undone in another way now';
    case 'when':
      if (now === undefined) return 'has no condition any more';
      return old === undefined ? 'runs under a condition now' : 'runs under another condition now';
    case 'locks':
      return now === undefined ? 'holds no lock any more' : `holds the lock ${now} now`;
    case 'expect':
      return 'expects something else now';
    case 'answers':
      return 'asks for other answers now';
    case 'min':
      return `soaks for ${span(now)} now, not ${span(old)}`;
    case 'max':
      return `lets proofs grow ${span(now)} old now, not ${span(old)}`;
    case 'maxGap':
      return `is looked at every ${span(now)} at least now, not every ${span(old)}`;
    case 'fresh':
      return 'keeps other proofs fresh now';
    case 'probes':
      return 'asks other questions of health now';
    case 'tolerate':
      return 'tolerates another number of failures now';
    default:
      return `has another ${aspect} now`;
  }
}

const reversals: Readonly<Record<string, string>> = {
  undo: 'can be undone now',
  irreversible: 'cannot be undone now',
  readonly: 'only reads now',
};

function operationWords(old: string | undefined, now: string | undefined): string {
  const [oldName, oldVersion] = old?.split(' ') ?? [];
  const [name, version] = now?.split(' ') ?? [];
  if (name === undefined) return `does not use ${oldName} any more`;
  if (oldName === undefined) return `uses ${name} now`;
  return name === oldName
    ? `uses version ${version} of ${name} now, not ${oldVersion}`
    : `uses ${name} now, not ${oldName}`;
}

/** Of milliseconds, as an author would write it; where only a run knows how long, no number is there. */
function span(text: string | undefined): string {
  const ms = Number(text);
  if (!Number.isFinite(ms)) return 'what the run tells';
  const units = [
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;
  const [size, unit] = units.find(([each]) => ms % each === 0) ?? [1, 'ms'];
  return `${ms / size} ${unit}`;
}
