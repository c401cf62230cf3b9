import type { Finding } from 'migrate-runbook';
import { benchmarkStatistics } from 'migrate-runbook/operations';

export interface Benchmark {
  readonly ms: readonly number[];
  readonly medianMs: number;
  /** (slowest − fastest) ÷ median. */
  readonly spread?: number;
}

const planned = { from: 30, to: 60 };

/** Measurements in milliseconds, as a report draws them: a bar each, by the median, the least and the most. */
export function chartOf(
  title: string,
  series: readonly (readonly [name: string, values: readonly number[]])[],
): {
  title: string;
  unit: string;
  bars: { label: string; value: number; low: number; high: number }[];
  series: { name: string; values: number[] }[];
} {
  return {
    title,
    unit: 'ms',
    bars: series.map(([label, values]) => ({
      label,
      value: benchmarkStatistics(values).medianMs,
      low: Math.min(...values),
      high: Math.max(...values),
    })),
    series: series.map(([name, values]) => ({ name, values: [...values] })),
  };
}

/**
 * Compares the medians with the gain that was planned. Slower than planned is no reason to go back by itself, so
 * the verdict fails a run only where `worse` says so.
 */
export function compareBenchmarks(
  before: Benchmark,
  after: Benchmark,
  { title = 'Forced local builds', worse = 'PARTIAL' }: { title?: string; worse?: 'PARTIAL' | 'FAIL' } = {},
): Finding {
  const gain = Math.round((1 - after.medianMs / Math.max(1, before.medianMs)) * 100);
  const evidence = {
    beforeMs: [...before.ms],
    afterMs: [...after.ms],
    gainPercent: gain,
    chart: chartOf(title, [
      ['before', before.ms],
      ['after', after.ms],
    ]),
  };
  const told = ({ medianMs, spread }: Benchmark) =>
    `${medianMs} ms${spread === undefined ? '' : ` (spread ${Math.round(spread * 100)} %)`}`;
  const than = gain >= planned.from ? '' : `; ${planned.from}–${planned.to} % were planned`;
  const observed = `median ${told(before)} before, ${told(after)} after: ${Math.abs(gain)} % ${gain < 0 ? 'slower' : 'faster'}${than}`;
  const verdict = gain >= planned.from ? 'PASS' : gain > 0 ? 'PARTIAL' : worse;
  return { verdict, observed, evidence };
}
