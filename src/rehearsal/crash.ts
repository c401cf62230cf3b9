import { appendFileSync, closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import type { CrashPoint, Ports } from '../engine/ports.ts';
import { UsageError } from '../errors.ts';
import type { DieHalfway } from '../host/journal-file.ts';

/** Every point at which the program can be made to die. */
export const crashPoints = [
  'before-intent',
  'after-intent',
  'mid-act',
  'before-checkpoint',
  'after-checkpoint',
  'before-gate',
  'at-gate',
  'before-opening',
  'after-opening',
  'mid-undo',
  'before-undo-record',
  'taking-lock',
  'freeing-lock',
  'half-line',
] as const satisfies readonly CrashPoint[];

/** Where to die: at the `occurrence`th time (from 1) that a process comes by `point` of `step`. */
export interface CrashSpec {
  readonly point: CrashPoint;
  /** Any step, and none, when left out. */
  readonly step: string | undefined;
  readonly occurrence: number;
}

/** What a rehearsal puts into the program. */
export interface Dying {
  readonly crashPoint: Ports['crashPoint'];
  readonly dieHalfway: DieHalfway;
}

/**
 * Reads `POINT`, `POINT:STEP` or `POINT:STEP:OCCURRENCE`, such as `mid-act:copy`.
 *
 * @throws UsageError `crash.spec` for an unknown point or a number that is none.
 */
export function parseCrashSpec(text: string): CrashSpec {
  const [name, step, count, ...more] = text.split(':');
  const point = crashPoints.find((known) => known === name);
  const occurrence = Number(count ?? 1);
  if (point !== undefined && Number.isInteger(occurrence) && occurrence > 0 && more.length === 0) {
    return { point, step: step === undefined || step === '' ? undefined : step, occurrence };
  }
  throw new UsageError(
    'crash.spec',
    `${JSON.stringify(text)} names no place to crash at`,
    `Write POINT:STEP, such as mid-act:copy. Points: ${crashPoints.join(', ')}.`,
  );
}

export function formatCrashSpec({ point, step, occurrence }: CrashSpec): string {
  if (occurrence > 1) return `${point}:${step ?? ''}:${occurrence}`;
  return step === undefined ? point : `${point}:${step}`;
}

/**
 * Dies by SIGKILL where the text says, once at each place: `a,b` in whatever order they come by, `a+b`
 * at b only when a has happened. Files beginning with `marker` remember what has happened.
 *
 * @throws UsageError `crash.spec`
 */
export function dyingAt(text: string, marker: string): Dying {
  const places = text.split(',').flatMap((row, index) =>
    row.split('+').map((spec, turn) => {
      const markerOf = (at: number) => (index + at === 0 ? marker : `${marker}-${index}-${at}`);
      const isNext = () => turn === 0 || existsSync(markerOf(turn - 1));
      return arrivalAt(parseCrashSpec(spec), markerOf(turn), isNext);
    }),
  );
  // Each is asked, since each counts for itself.
  const isTime = (point: CrashPoint, step: string | undefined) =>
    places.map((arrive) => arrive(point, step)).some(Boolean);
  return {
    crashPoint: (point, step) => (isTime(point, step) ? die() : undefined),
    dieHalfway: (step) => (isTime('half-line', step) ? die : undefined),
  };
}

/** Dies nowhere, and writes down what the program comes by, a line each: process, point, step. */
export function recordingPasses(file: string, processName: string): Dying {
  const pass = (point: CrashPoint, step: string | undefined) =>
    appendFileSync(file, `${processName} ${point} ${step ?? ''}\n`);
  return {
    crashPoint: pass,
    dieHalfway: (step) => {
      pass('half-line', step);
      return undefined;
    },
  };
}

/** Whether to die now; the marker is on the disk before it says so, so that it says so once. */
function arrivalAt(
  spec: CrashSpec,
  marker: string,
  isNext: () => boolean,
): (point: CrashPoint, step: string | undefined) => boolean {
  let passed = 0;
  return (point, step) => {
    if (point !== spec.point || (spec.step !== undefined && step !== spec.step)) return false;
    passed += 1;
    return passed >= spec.occurrence && isNext() && createOnce(marker);
  };
}

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  // The signal comes at once, but not before this returns.
  return new Promise<never>(() => {});
}

function createOnce(marker: string): boolean {
  try {
    const file = openSync(marker, 'wx');
    fsyncSync(file);
    closeSync(file);
    return true;
  } catch {
    return false;
  }
}
