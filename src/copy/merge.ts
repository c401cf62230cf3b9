import { comparePaths, type BytePath } from './byte-path.ts';
import type { Entry } from './entry.ts';
import type { Found } from './walk.ts';

/** A path that a manifest names, a tree holds, or both. */
export interface Pair {
  readonly path: BytePath;
  readonly entry: Entry | undefined;
  readonly found: Found | undefined;
}

/** Brings a manifest and a walk together, both being in the same order, without holding either. */
export function* merge(entries: Iterable<Entry>, tree: Iterable<Found>): Generator<Pair, void> {
  const left = entries[Symbol.iterator]();
  const right = tree[Symbol.iterator]();
  let entry = take(left);
  let found = take(right);
  while (entry !== undefined || found !== undefined) {
    const order = orderOf(entry, found);
    const pair = { entry: order <= 0 ? entry : undefined, found: order >= 0 ? found : undefined };
    yield { path: (pair.entry ?? pair.found)?.path ?? '.', ...pair };
    if (order <= 0) entry = take(left);
    if (order >= 0) found = take(right);
  }
}

function orderOf(entry: Entry | undefined, found: Found | undefined): number {
  if (entry === undefined) return 1;
  return found === undefined ? -1 : comparePaths(entry.path, found.path);
}

function take<T>(iterator: Iterator<T>): T | undefined {
  const next = iterator.next();
  return next.done === true ? undefined : next.value;
}
