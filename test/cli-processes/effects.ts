import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './place.ts';

/** A line that act.sh or undo-act.sh has appended. */
export interface Effect {
  readonly what: string;
  readonly name: string;
  readonly pid: number;
  /** The process that started it. */
  readonly by: number;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
}

export function readEffects(place: Place): readonly Effect[] {
  const file = join(place.world, 'effects');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [what = '', name = '', pid, by, at] = line.split(' ');
      return { what, name, pid: Number(pid), by: Number(by), at: Number(at) };
    });
}

/** Acts that began while one lived that an earlier process had left behind. */
export function beganBesideOrphans(effects: readonly Effect[]): readonly string[] {
  const living = new Map<number, Effect>();
  const found: string[] = [];
  for (const effect of effects) {
    if (!effect.what.startsWith('began')) {
      living.delete(effect.pid);
      continue;
    }
    for (const other of living.values()) {
      if (other.by !== effect.by) found.push(`${effect.name} began beside ${other.name} of ${other.by}`);
    }
    living.set(effect.pid, effect);
  }
  return found;
}
