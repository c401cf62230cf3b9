import type { Progress } from '../runbook/index.ts';
import { formatBytes } from './bytes.ts';
import { formatDuration } from './duration.ts';
import { formatRate } from './rate.ts';

/** How far an act has come: `copying 12.3 GB of 46.0 GB · 27% · 310 MB/s · 1m 48s left`. */
export function formatProgress(progress: Progress): string {
  const { doneBytes, totalBytes, doneFiles, totalFiles, rate, etaMs, verifiedMs } = progress;
  const percent = percentOf(doneBytes, totalBytes) ?? percentOf(doneFiles, totalFiles);
  const parts = [
    doneBytes === undefined ? undefined : amount(formatBytes(doneBytes), optional(totalBytes, formatBytes)),
    doneFiles === undefined ? undefined : `${amount(count(doneFiles), optional(totalFiles, count))} files`,
    percent === undefined ? undefined : `${percent}%`,
    rate === undefined ? undefined : formatRate(rate),
    etaMs === undefined ? undefined : `${formatDuration(etaMs)} left`,
    verifiedMs === undefined ? undefined : `verified in ${formatDuration(verifiedMs)}`,
  ].filter((part) => part !== undefined);
  return [progress.doing, parts.join(' · ')].filter(Boolean).join(' ');
}

/** Whole percent, cut and never 100 before the end; `undefined` without a total. */
export function percentOf(done: number | undefined, total: number | undefined): number | undefined {
  if (done === undefined || total === undefined || !(total > 0)) return undefined;
  if (done >= total) return 100;
  return Math.max(0, Math.min(99, Math.floor((done / total) * 100)));
}

function amount(done: string, total: string | undefined): string {
  return total === undefined ? done : `${done} of ${total}`;
}

function optional(value: number | undefined, format: (value: number) => string): string | undefined {
  return value === undefined ? undefined : format(value);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
