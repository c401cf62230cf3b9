import type { Finding } from '../../runbook/index.ts';
import { checkedLimits, limitsText, type Level } from './judge.ts';
import type { Asking, Measure } from './measure.ts';
import { take } from './take.ts';

const verdictOf: Readonly<Record<Level, Finding['verdict']>> = {
  ok: 'PASS',
  warning: 'PARTIAL',
  critical: 'FAIL',
  unknown: 'BLOCKED',
};

/**
 * A measure as a check: PASS, PARTIAL at a warning, FAIL where it is critical, BLOCKED where it cannot be
 * measured here.
 * @throws UsageError `health.limits`
 */
export function checkOf<Params, Outputs>(
  measure: Measure<Params, Outputs>,
): { readonly expect: string; readonly run: (context: Asking<Params, Outputs>) => Promise<Finding> } {
  const { name } = checkedLimits(measure);
  return {
    expect: `${name}: ${limitsText(measure)}`,
    run: async (context) => {
      const { level, observed, evidence } = await take(measure, context);
      return { verdict: verdictOf[level], observed, evidence };
    },
  };
}
