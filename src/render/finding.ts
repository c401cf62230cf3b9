import type { RecordedFinding } from '../journal/event.ts';

type Verdict = RecordedFinding['verdict'];

/** What a check found, from its journaled output; `undefined` for any other output. */
export function findingOf(output: unknown): Omit<RecordedFinding, 'evidence'> | undefined {
  if (typeof output !== 'object' || output === null) return undefined;
  const { verdict, observed, unblock } = output as Partial<RecordedFinding>;
  return verdict !== undefined && verdicts.includes(verdict) && typeof observed === 'string'
    ? { verdict, observed, ...(typeof unblock === 'string' ? { unblock } : {}) }
    : undefined;
}

export const verdicts: readonly Verdict[] = ['PASS', 'PARTIAL', 'FAIL', 'BLOCKED'];

/** From bad to good: what failed is certain, what is blocked may be as bad. */
const worstFirst: readonly Verdict[] = ['FAIL', 'BLOCKED', 'PARTIAL', 'PASS'];

/** The worst of several verdicts; BLOCKED when there is none, since nothing was found out. */
export function worstVerdict(given: readonly Verdict[]): Verdict {
  return worstFirst.find((each) => given.includes(each)) ?? 'BLOCKED';
}

/**
 * `PARTIAL: 3 of 4 answered`
 * @param known why it is known
 */
export function findingText({ verdict, observed, unblock }: RecordedFinding, known?: string): string {
  return [
    `${verdict}${known === undefined ? '' : ' (known limitation)'}: ${observed}`,
    unblock === undefined ? undefined : `To unblock it: ${unblock}`,
    known === undefined ? undefined : `Known: ${known}`,
  ]
    .filter((part) => part !== undefined)
    .join('\n');
}
