import { closest as nearest, distance } from 'fastest-levenshtein';

/** The candidate that somebody who typed `word` most likely meant, if one is near enough. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const candidate = nearest(word, candidates);
  return distance(word, candidate) <= Math.max(2, Math.floor(word.length / 3)) ? candidate : undefined;
}

/** ` Did you mean "x"?` or nothing, to end a message with. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const candidate = closest(word, candidates);
  return candidate === undefined ? '' : ` Did you mean "${candidate}"?`;
}
