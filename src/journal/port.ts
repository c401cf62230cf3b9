import type { EventBody, JournalEvent } from './event.ts';

/** Where a run's events lie. `src/host/journal-file.ts` keeps them in a file. */
export interface Journal {
  /** All events so far, in order. */
  readonly events: readonly JournalEvent[];
  /**
   * Appends one event; resolves when it is on the disk.
   * @throws StateError after a failed write or sync, and at every later call: what the disk holds is then unknown.
   */
  append(event: EventBody): Promise<JournalEvent>;
}
