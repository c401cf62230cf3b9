import type { z } from 'zod';
import { didYouMean } from './suggestion.ts';

/**
 * One problem of a schema, as `place: what`.
 * @param known the keys that the outermost object may have, for a suggestion
 */
export function issueText(issue: z.core.$ZodIssue, known: readonly string[] = []): string {
  const place = issue.path.map(String).join('.');
  const prefix = place === '' ? '' : `${place}: `;
  if (issue.code !== 'unrecognized_keys') return `${prefix}${issue.message}`;
  const candidates = place === '' ? known : [];
  return prefix + issue.keys.map((key) => `unknown key "${key}".${didYouMean(key, candidates)}`).join(' ');
}
