import type { z } from 'zod';
import { didYouMean } from './suggestion.ts';

/** One problem of a schema, as `place: what`. */
export function issueText(issue: z.core.$ZodIssue, known: readonly string[] = []): string {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `unknown key "${key}".${didYouMean(key, known)}`).join(' ');
  }
  const place = issue.path.map(String).join('.');
  return place === '' ? issue.message : `${place}: ${issue.message}`;
}
