import { resolve } from 'node:path';
import { runsOf } from './journal-facts.ts';
import { start, type Call, type CallOptions } from './migrate.ts';
import { newPlace, tree, type Place } from './place.ts';
import { runWaits } from './waits.ts';

/** Of its three folders the second is undone unless somebody confirms it. */
export const cutsOffFile = resolve(import.meta.dirname, 'runbooks/cuts-off.ts');

/** Said when it waits for the word. */
export const asks = 'unless confirmed';

export const within = (seconds: number): CallOptions => ({ env: { CONFIRM_WITHIN_S: String(seconds) } });

export const madeIn = (place: Place) => Object.keys(tree(place.world)).toSorted();

/** A run whose process waits for the word. */
export async function waitingForWord(
  options: CallOptions = within(600),
): Promise<{ place: Place; call: Call; run: string }> {
  const place = newPlace();
  const call = start(place, [...runWaits(place.world, cutsOffFile), '--yes'], options);
  await call.until(asks);
  return { place, call, run: runsOf(place)[0] ?? '' };
}
