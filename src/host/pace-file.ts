import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LiveEvent } from '../engine/ports.ts';

/** How far an act had come, now and then. */
export interface PaceSeries {
  readonly step: string;
  readonly attempt: number;
  readonly doing: string;
  readonly points: readonly { readonly at: number; readonly bytes: number }[];
}

/** A point that is later than another by less than this, or than a hundredth of the time so far, is left out. */
const shortestGapMs = 250;
const gapsInAll = 100;
/** A hundred hours of copying leave 130 kB; whatever tells of more is broken. */
const mostBytes = 4 * 1024 * 1024;

const line = z.object({
  step: z.string(),
  attempt: z.number(),
  doing: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  bytes: z.number(),
});
type Point = z.infer<typeof line>;

export function paceFile(folder: string): string {
  return join(folder, 'pace.jsonl');
}

/**
 * Notes how fast bytes went, for reports: in a file beside the journal, of which nothing depends, so that
 * neither a full disk nor a power cut matters. The longer it takes the fewer points there are of a minute.
 *
 * @param now wall clock, milliseconds since 1970
 */
export function openPace(folder: string, now: () => number): { tell(live: LiveEvent): void; close(): void } {
  const attempts = new Map<string, number>();
  const series = new Map<
    string,
    { doing: string; began: number; noted: number; last: Point; isNoted: boolean }
  >();
  let file: number | undefined;
  let written = 0;

  const write = (point: Point) => {
    const text = Buffer.from(`${JSON.stringify(point)}\n`);
    if (written + text.length > mostBytes) return;
    try {
      file ??= openSync(paceFile(folder), 'a', 0o600);
      written += writeSync(file, text);
    } catch {
      // Nothing depends on it.
    }
  };
  const end = (step: string) => {
    const one = series.get(step);
    series.delete(step);
    if (one !== undefined && !one.isNoted) write(one.last);
  };
  const point = (step: string, doing: string, bytes: number) => {
    const at = now();
    const next = { step, attempt: attempts.get(step) ?? 1, doing, at, bytes };
    const before = series.get(step);
    if (before === undefined || before.doing !== doing || bytes < before.last.bytes) {
      end(step);
      write(next);
      series.set(step, { doing, began: at, noted: at, last: next, isNoted: true });
      return;
    }
    const due = at - before.noted >= Math.max(shortestGapMs, (at - before.began) / gapsInAll);
    if (due) {
      write(next);
      before.noted = at;
    }
    Object.assign(before, { last: next, isNoted: due });
  };
  return {
    tell(live) {
      if (live.type === 'progress') {
        const { doing, doneBytes } = live.progress;
        if (doneBytes !== undefined) point(live.step, doing, doneBytes);
        return;
      }
      if (live.type !== 'journaled') return;
      const { event } = live;
      if (event.type === 'step.started') attempts.set(event.step, event.attempt);
      if (/^(step|undo)\.(started|completed|failed|interrupted)$/.test(event.type) && 'step' in event)
        end(event.step ?? '');
    },
    close() {
      for (const step of series.keys()) end(step);
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** What was noted, as far as it can be read. */
export async function readPace(folder: string): Promise<readonly PaceSeries[]> {
  const text = await readFile(paceFile(folder), 'utf8').catch(() => '');
  const all: { step: string; attempt: number; doing: string; points: { at: number; bytes: number }[] }[] = [];
  for (const each of text.split('\n')) {
    const point = parse(each);
    if (point === undefined) continue;
    const { step, attempt, doing, at, bytes } = point;
    const last = all.findLast((one) => one.step === step);
    const latest = last?.points.at(-1);
    const goesOn =
      last?.attempt === attempt &&
      last.doing === doing &&
      latest !== undefined &&
      bytes >= latest.bytes &&
      at >= latest.at;
    if (goesOn) last?.points.push({ at, bytes });
    else all.push({ step, attempt, doing, points: [{ at, bytes }] });
  }
  return all;
}

/** `undefined` for a line that a full disk has cut. */
function parse(text: string): Point | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
