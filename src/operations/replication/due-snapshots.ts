import type { DatasetState, Point } from './dataset-tree.ts';
import { periods, type Period, type SanoidPolicy } from './sanoid-policy.ts';

/** Seconds. A month and a year as long as they may be. */
const lengths: Readonly<Record<Period, number>> = {
  frequently: 3600,
  hourly: 3600,
  daily: 86_400,
  weekly: 7 * 86_400,
  monthly: 31 * 86_400,
  yearly: 366 * 86_400,
};

/** Whether a snapshot is sanoid's, and of which period, by its name. */
export function sanoidPeriod({ name }: Point): Period | undefined {
  const period = /^autosnap_\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d_([a-z]+)$/.exec(name)?.[1];
  return periods.find((one) => one === period);
}

/**
 * What a policy demands and is not there: for each dataset and period a snapshot of sanoid's that is not
 * older than the period, as `dataset (period)`.
 *
 * @param now seconds since 1970
 */
export function dueSnapshots(
  policies: ReadonlyMap<string, SanoidPolicy>,
  states: readonly DatasetState[],
  now: number,
): readonly string[] {
  return states.flatMap(({ dataset, snapshots }) => {
    const policy = policies.get(dataset);
    if (policy?.snapshots !== true) return [];
    return periods
      .filter((period) => policy.keep[period] > 0)
      .filter(
        (period) =>
          !snapshots.some((one) => sanoidPeriod(one) === period && one.created > now - lengths[period]),
      )
      .map((period) => `${dataset} (${period})`);
  });
}
