import { InvalidArgumentError } from '@commander-js/extra-typings';

/** A number of jobs, as commander reads an option's value. */
export function readJobs(text: string): number {
  const jobs = Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 64) return jobs;
  throw new InvalidArgumentError('expected a whole number from 1 to 64.');
}

/** Collects an option that may be given several times. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}
