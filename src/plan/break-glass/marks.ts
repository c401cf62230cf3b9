import { createHash } from 'node:crypto';
import type { RecordedUndo } from '../../journal/event.ts';
import type { BootIdentity } from '../../runbook/index.ts';

/** A step that `undo.sh` has undone, or a person who said so to it. */
export interface Mark {
  readonly step: string;
  /** Of the undo that was recorded: a step that began anew has another. */
  readonly key: string;
  /** Seconds since 1970. */
  readonly at: number;
  readonly by: 'script' | 'person';
}

/** Tells one recorded undo of a step from a later one. */
export function markKey(step: string, undo: RecordedUndo): string {
  return createHash('sha256')
    .update(JSON.stringify([step, undo], sorted))
    .digest('hex')
    .slice(0, 12);
}

/** @param text of `undo.done`; what is torn or strange is passed over, since undoing a step twice does no harm */
export function parseMarks(text: string): readonly Mark[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const [step, key, at, by] = line.split(' ');
      if (step === undefined || key === undefined || !/^\d+$/.test(at ?? '')) return [];
      return by === 'script' || by === 'person' ? [{ step, key, at: Number(at), by }] : [];
    });
}

/** @param text of `undo.reboot`: the boot in which the script asked for another */
export function parseAskedBoot(text: string): BootIdentity | undefined {
  const [bootId, initStart, pidNamespace] = text.trimEnd().split(' ');
  if (bootId === undefined || initStart === undefined || pidNamespace === undefined) return undefined;
  return { bootId, initStart, pidNamespace };
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
