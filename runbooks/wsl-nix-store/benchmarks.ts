import type { Finding } from 'migrate-runbook';

interface Benchmark {
  readonly ms: readonly number[];
  readonly medianMs: number;
}

const planned = { from: 30, to: 60 };

/** Slower than planned is no reason to go back by itself, so the verdict never fails the run. */
export function compareBenchmarks(before: Benchmark, after: Benchmark): Finding {
  const gain = Math.round((1 - after.medianMs / before.medianMs) * 100);
  const evidence = { beforeMs: [...before.ms], afterMs: [...after.ms], gainPercent: gain };
  const observed = `median ${before.medianMs} ms before, ${after.medianMs} ms after: ${Math.abs(gain)} % ${gain < 0 ? 'slower' : 'faster'}`;
  return { verdict: gain >= planned.from ? 'PASS' : 'PARTIAL', observed, evidence };
}
