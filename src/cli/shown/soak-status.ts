import type { GateState } from '../../journal/state.ts';
import { soakProgress } from '../../plan/soak.ts';
import type { RunStatusDocument } from '../../render/documents/status.ts';
import { formatDuration } from '../../render/duration.ts';

type Gate = RunStatusDocument['gates'][number];

/** Who would look next: the process that works on the run, the timer, or whoever types `migrate resume`. */
export type Looks = NonNullable<Gate['looks']>;

/**
 * Where a soak stands.
 * @param now milliseconds since 1970
 */
export function soakStatus(gate: GateState, looks: Looks, now: number): Partial<Gate> {
  const { min, samples, stopped } = gate;
  if (min === undefined) return {};
  const progress = soakProgress(samples, { min, maxGap: gate.maxGap ?? Infinity });
  const last = samples.at(-1);
  return {
    minMs: min,
    countedMs: progress.countedMs,
    remainingMs: progress.remainingMs,
    // Of a stopped soak nobody can say when it opens.
    ...(stopped === undefined ? { opensAt: new Date(now + progress.remainingMs).toISOString() } : {}),
    ...(gate.maxGap === undefined ? {} : { maxGapMs: gate.maxGap }),
    ...(stopped === undefined ? { looks } : { stopped: [...stopped] }),
    ...(last === undefined ? {} : { lookedAt: last.at, readings: { ...last.readings } }),
    ...(last?.sampler === undefined ? {} : { sampler: last.sampler }),
    ...(last === undefined || Object.keys(last.counters).length === 0
      ? {}
      : { counters: { ...last.counters } }),
    unhealthy: [...progress.unhealthy],
    notCounted: progress.notCounted.map(
      ({ until, ms, why }) => `${formatDuration(ms)} up to ${until}: ${why}`,
    ),
  };
}
