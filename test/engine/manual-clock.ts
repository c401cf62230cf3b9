import type { Clock, ClockReading } from '../../src/runbook/index.ts';

/** Three clocks that a test moves; waiting moves them too, at once. */
export class ManualClock implements Clock {
  #wall = Date.parse('2026-11-21T12:00:00Z');
  #boottime = 1_000_000;
  #monotonic = 1_000_000;
  /** Called for each wait, after it. */
  onSleep: (milliseconds: number) => void = () => {};

  now(): ClockReading {
    return { wall: this.#wall, boottime: this.#boottime, monotonic: this.#monotonic };
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(new DOMException('aborted', 'AbortError'));
    this.pass(milliseconds);
    this.onSleep(milliseconds);
    return Promise.resolve();
  }

  /** Time in which the machine runs. */
  pass(milliseconds: number): void {
    this.#wall += milliseconds;
    this.#boottime += milliseconds;
    this.#monotonic += milliseconds;
  }

  /** Somebody sets the wall clock. */
  jump(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /** The machine sleeps. */
  suspend(milliseconds: number): void {
    this.#wall += milliseconds;
    this.#boottime += milliseconds;
  }

  /** A boot begins its clocks anew. */
  boot(downFor: number): void {
    this.#wall += downFor;
    this.#boottime = 5_000;
    this.#monotonic = 5_000;
  }
}
