import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { durationMs, operation, type Host } from '../../runbook/index.ts';
import { durationText } from './duration-text.ts';
import { isExcluded } from './replica-standing.ts';
import { readDatasetTree } from './dataset-tree.ts';
import { sanoidPeriod } from './due-snapshots.ts';
import { datasetName } from '../zfs/names.ts';

const input = z.strictObject({
  dataset: datasetName,
  without: z.array(datasetName).readonly().optional(),
  /** Milliseconds since 1970; snapshots must be younger. The beginning of the step when left out. */
  since: z.number().optional(),
  within: durationText,
  /** Between two looks. */
  every: durationText.optional(),
});
type Input = z.output<typeof input>;

/**
 * Waits until the schedule has taken a snapshot of each dataset, and takes none itself.
 *
 * Input: `dataset`, `without`, `since`, `within`, `every` (a minute when left out).
 * Output: one of the new snapshots of each dataset.
 * @throws StepError `sanoid.not-scheduled` with the datasets that got none
 */
export const scheduledSnapshots = operation({
  operation: 'scheduled-snapshots',
  version: 1,
  reversal: 'readonly',
  input,
  capture: ({ host, input }) => ({ since: input.since ?? host.clock.now().wall }),
  output: z.object({ seen: z.array(z.object({ dataset: z.string(), snapshot: z.string() })) }),
  describe: ({ input }) =>
    `wait at most ${input.within} until a scheduled snapshot of ${input.dataset} and its children is seen`,
  run: async ({ host, input, captured, signal, log }) => {
    const end = host.clock.now().monotonic + durationMs(input.within);
    for (;;) {
      const { seen, missing } = await look(host, input, captured.since);
      if (missing.length === 0) return { seen };
      const left = end - host.clock.now().monotonic;
      if (left <= 0) {
        throw new StepError(
          'sanoid.not-scheduled',
          `no scheduled snapshot within ${input.within}: ${missing.slice(0, 5).join(', ')}`,
          'See whether its timer runs and what it said: systemctl list-timers sanoid.timer; journalctl -u sanoid.service --no-pager -n 50',
        );
      }
      log(`still without a scheduled snapshot: ${missing.length}`);
      await host.clock.sleep(Math.min(left, durationMs(input.every ?? '1m')), signal);
      signal.throwIfAborted();
    }
  },
});

async function look(host: Host, { dataset, without = [] }: Input, since: number) {
  const states = ((await readDatasetTree(host, dataset)) ?? []).filter(
    (state) => !isExcluded(state.dataset, without),
  );
  const seen = states.flatMap((state) => {
    // Creation is in whole seconds, cut off.
    const one = state.snapshots.findLast(
      (each) => sanoidPeriod(each) !== undefined && (each.created + 1) * 1000 > since,
    );
    return one === undefined ? [] : [{ dataset: state.dataset, snapshot: one.name }];
  });
  const missing = states
    .map((state) => state.dataset)
    .filter((name) => !seen.some((one) => one.dataset === name));
  return { seen, missing: states.length === 0 ? [dataset] : missing };
}
