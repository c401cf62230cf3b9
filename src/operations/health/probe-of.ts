import type { HealthProbe } from '../../runbook/index.ts';
import { checkedLimits } from './judge.ts';
import type { Measure } from './measure.ts';
import { take } from './take.ts';

/**
 * A measure as a soak's probe: unhealthy where it is critical, and where it cannot be measured.
 *
 * @param options.from `warning`: unhealthy already at a warning
 * @throws UsageError `health.limits`
 */
export function probeOf<Params, Outputs>(
  measure: Measure<Params, Outputs>,
  options: { readonly from?: 'warning' | 'critical' } = {},
): HealthProbe<Params, Outputs> {
  const { name } = checkedLimits(measure);
  return {
    name,
    check: async (context) => {
      const { level, observed } = await take(measure, context);
      if (level === 'ok' || (level === 'warning' && options.from !== 'warning')) return true;
      return level === 'unknown' ? observed : `${level}: ${observed}`;
    },
  };
}
