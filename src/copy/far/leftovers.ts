import { nameOf, parentOf, type BytePath } from '../byte-path.ts';
import type { Inventory } from '../inventory.ts';
import { isTemporaryName } from '../leftovers.ts';

/**
 * Of files on a target those that a killed rsync left half-written, by what the source is known to hold: to
 * ask a source on another machine for each would take a round trip.
 */
export function leftoversAmong(candidates: readonly BytePath[], inventory: Inventory): readonly BytePath[] {
  const unknown = candidates.filter((path) => inventory.paths.get(path) === undefined);
  if (unknown.length === 0) return [];
  const names = new Map<BytePath, BytePath[]>(unknown.map((path) => [parentOf(path), []]));
  for (const [path] of inventory.paths) names.get(parentOf(path))?.push(nameOf(path));
  return unknown.filter((path) => isTemporaryName(nameOf(path), names.get(parentOf(path)) ?? []));
}
