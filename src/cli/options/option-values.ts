import { InvalidArgumentError } from '@commander-js/extra-typings';
import { durationMs } from '../../runbook/duration.ts';

/** A number of jobs, as commander reads an option's value. */
export function readJobs(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 64) return jobs;
  throw new InvalidArgumentError('expected a whole number from 1 to 64.');
}

const shortestEveryMs = 1_000;
const longestEveryMs = 3_600_000;

/** How often something is done, in milliseconds. */
export function readEvery(text: string): number {
  try {
    const ms = durationMs(text);
    if (ms >= shortestEveryMs && ms <= longestEveryMs) return Math.round(ms);
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('expected a duration from 1s to 1h.');
}

/** A share such as `5%` or `0.05`, as a number from 0 to 1. */
export function readShare(text: string): number {
  const number = /^\d+(\.\d+)?%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  const share = text.endsWith('%') ? number / 100 : number;
  if (share > 0 && share <= 1) return share;
  throw new InvalidArgumentError('expected a share such as 5%, above 0 and at most 100%.');
}

/** A whole number from 0. */
export function readCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError('expected a whole number.');
}

/** Collects an option that may be given several times. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}
