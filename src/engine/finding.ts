import { recordedFinding } from '../journal/evidence.ts';
import type { Finding, Json } from '../runbook/index.ts';

/** What a check may give: nobody checked its types. */
export const findingSchema = recordedFinding.refine(
  ({ verdict, unblock }) => unblock === undefined || verdict === 'BLOCKED',
  { path: ['unblock'], error: 'says what would unblock it, and it is not BLOCKED' },
);

/** The same without the run's secrets, which a program may have printed all the same. */
export function hiddenFinding(finding: Finding, hide: (text: string) => string): Finding {
  const { verdict, observed, unblock, evidence } = finding;
  return {
    verdict,
    observed: hide(observed),
    ...(unblock === undefined ? {} : { unblock: hide(unblock) }),
    ...(evidence === undefined ? {} : { evidence: hiddenJson(evidence, hide) as typeof evidence }),
  };
}

function hiddenJson(value: Json, hide: (text: string) => string): Json {
  if (typeof value === 'string') return hide(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => hiddenJson(item, hide));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [hide(key), hiddenJson(item, hide)]));
}
