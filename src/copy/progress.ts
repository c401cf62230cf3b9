/** Where a copy or a verification stands. */
export interface Step {
  /** Milliseconds of a clock that does not jump. */
  readonly atMs: number;
  readonly doneBytes: number;
  readonly doneFiles: number;
}

export interface Goal {
  readonly bytes: number;
  readonly files: number;
}

/** What is remembered between two looks. */
export interface Pace {
  readonly last: Step;
  /** Bytes a second, smoothed; `undefined` until time has passed. */
  readonly bytesRate: number | undefined;
  /** Units of work a second, smoothed. */
  readonly workRate: number | undefined;
}

// A small file takes about as long as this many bytes of a large one: it is bound by latency.
const bytesPerFile = 32 * 1024;
/** Milliseconds after which an older rate counts for a third. */
const memoryMs = 15_000;

export function startPace(first: Step): Pace {
  return { last: first, bytesRate: undefined, workRate: undefined };
}

/** The pace after one more look; looks without time between them, or back in time, change no rate. */
export function nextPace(pace: Pace, now: Step): Pace {
  const elapsed = now.atMs - pace.last.atMs;
  if (elapsed <= 0) return pace;
  const weight = 1 - Math.exp(-elapsed / memoryMs);
  const smooth = (old: number | undefined, gained: number) => {
    const rate = (Math.max(0, gained) / elapsed) * 1000;
    return old === undefined ? rate : old + weight * (rate - old);
  };
  return {
    last: now,
    bytesRate: smooth(pace.bytesRate, now.doneBytes - pace.last.doneBytes),
    workRate: smooth(pace.workRate, work(now) - work(pace.last)),
  };
}

/** Milliseconds until the goal; `undefined` while nobody can tell. */
export function timeLeft(pace: Pace, goal: Goal): number | undefined {
  const left =
    Math.max(0, goal.bytes - pace.last.doneBytes) +
    Math.max(0, goal.files - pace.last.doneFiles) * bytesPerFile;
  return left === 0 ? 0 : timeOf(left, pace);
}

/** Milliseconds for all of it, at the pace of now; `undefined` while nobody can tell. */
export function timeFor(pace: Pace, goal: Goal): number | undefined {
  return timeOf(workOf(goal), pace);
}

function timeOf(amount: number, { workRate }: Pace): number | undefined {
  if (workRate === undefined || workRate <= 0) return undefined;
  const ms = (amount / workRate) * 1000;
  return Number.isFinite(ms) ? Math.round(ms) : undefined;
}

/** What takes about as long to read, in bytes of one large file. */
export function workOf({ bytes, files }: Goal): number {
  return bytes + files * bytesPerFile;
}

function work({ doneBytes, doneFiles }: Step): number {
  return workOf({ bytes: doneBytes, files: doneFiles });
}
