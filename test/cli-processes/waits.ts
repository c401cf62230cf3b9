import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Place } from './place.ts';

export const waitsFile = resolve(import.meta.dirname, 'runbooks/waits.ts');

/** The arguments that run the runbook which waits for its test, on a world. */
export function runWaits(world: string, file = waitsFile): readonly string[] {
  return ['run', file, '--set', `world=${world}`, '--set', `programs=${import.meta.dirname}`];
}

/** Resolves when its command waits. */
export async function untilItWaits(place: Place): Promise<void> {
  await untilThere(join(place.world, 'go.waits'));
}

export function letGo(place: Place): void {
  writeFileSync(join(place.world, 'go'), '');
}

/** @param lookEveryMs milliseconds */
export async function untilThere(file: string, lookEveryMs = 20): Promise<void> {
  const deadline = performance.now() + 100_000;
  while (!existsSync(file)) {
    if (performance.now() > deadline) throw new Error(`${file} never came`);
    await setTimeout(lookEveryMs);
  }
}
