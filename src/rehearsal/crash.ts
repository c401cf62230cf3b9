import { closeSync, fsyncSync, openSync } from 'node:fs';
import type { CrashPoint, Ports } from '../engine/ports.ts';
import { UsageError } from '../errors.ts';

/** Every point at which the engine can be made to die. */
export const crashPoints = [
  'before-intent',
  'after-intent',
  'mid-act',
  'before-checkpoint',
  'after-checkpoint',
  'mid-undo',
  'before-undo-record',
  'at-gate',
] as const satisfies readonly CrashPoint[];

/** Where to die: at the `occurrence`th time (from 1) that the engine comes by `point` of `step`. */
export interface CrashSpec {
  readonly point: CrashPoint;
  /** Any step when left out. */
  readonly step: string | undefined;
  readonly occurrence: number;
}

/**
 * Reads `POINT`, `POINT:STEP` or `POINT:STEP:OCCURRENCE`, such as `mid-act:copy`.
 *
 * @throws UsageError `crash.spec` for an unknown point or a number that is none.
 */
export function parseCrashSpec(text: string): CrashSpec {
  const [name, step, count] = text.split(':');
  const point = crashPoints.find((known) => known === name);
  const occurrence = Number(count ?? 1);
  if (point !== undefined && Number.isInteger(occurrence) && occurrence > 0) {
    return { point, step: step === undefined || step === '' ? undefined : step, occurrence };
  }
  throw new UsageError(
    'crash.spec',
    `${JSON.stringify(text)} names no place to crash at`,
    `Write POINT:STEP, such as mid-act:copy. Points: ${crashPoints.join(', ')}.`,
  );
}

/**
 * Kills this process, with SIGKILL, at one point and never again: `marker` is created on the disk
 * first, and while it exists nothing happens.
 */
export function crashOnce(spec: CrashSpec, marker: string): Ports['crashPoint'] {
  let passed = 0;
  return (point, step) => {
    if (point !== spec.point || (spec.step !== undefined && step !== spec.step)) return undefined;
    passed += 1;
    if (passed < spec.occurrence || !createOnce(marker)) return undefined;
    process.kill(process.pid, 'SIGKILL');
    // The signal comes at once, but not before this returns.
    return new Promise<never>(() => {});
  };
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
