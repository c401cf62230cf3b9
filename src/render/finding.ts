import type { Finding } from '../runbook/index.ts';

/** The verdict of a check, from its journaled output; `undefined` for any other output. */
export function findingOf(output: unknown): Pick<Finding, 'verdict' | 'observed'> | undefined {
  if (typeof output !== 'object' || output === null) return undefined;
  const { verdict, observed } = output as Partial<Finding>;
  return verdict !== undefined && verdicts.includes(verdict) && typeof observed === 'string'
    ? { verdict, observed }
    : undefined;
}

const verdicts: readonly Finding['verdict'][] = ['PASS', 'PARTIAL', 'FAIL', 'BLOCKED'];

/** `PARTIAL: 3 of 4 answered` */
export function findingText({ verdict, observed }: Pick<Finding, 'verdict' | 'observed'>): string {
  return `${verdict}: ${observed}`;
}
