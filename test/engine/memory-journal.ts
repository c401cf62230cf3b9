import { StateError } from '../../src/errors.ts';
import { eventBody, journalVersion, type EventBody, type JournalEvent } from '../../src/journal/event.ts';
import type { Journal } from '../../src/journal/port.ts';
import { firstLoss } from '../../src/runbook/index.ts';

/** What happens at an append: `before` it is durable the process dies, `after` it, or the disk `fails`. */
export type AppendFate = 'before' | 'after' | 'fails' | undefined;

/** A journal in memory that keeps what a file would give back, and can let a process die at any append. */
export class MemoryJournal implements Journal {
  readonly events: JournalEvent[];
  readonly #fate: (body: EventBody, seq: number) => AppendFate;
  readonly #die: () => Promise<never>;
  readonly #now: () => number;
  #failure: StateError | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    events: JournalEvent[],
    options: {
      fate: (body: EventBody, seq: number) => AppendFate;
      die: () => Promise<never>;
      now: () => number;
    },
  ) {
    this.events = events;
    this.#fate = options.fate;
    this.#die = options.die;
    this.#now = options.now;
  }

  append(body: EventBody): Promise<JournalEvent> {
    const appended = this.#last.then(() => this.#appendNext(body));
    this.#last = appended.catch(() => {});
    return appended;
  }

  async #appendNext(body: EventBody): Promise<JournalEvent> {
    if (this.#failure !== undefined) throw this.#failure;
    const loss = firstLoss(body, '');
    if (loss !== undefined) throw new StateError('journal.unstorable', `${body.type}: ${loss}`);
    const parsed = eventBody.safeParse(JSON.parse(JSON.stringify(body)));
    if (!parsed.success) throw new StateError('journal.unstorable', `${body.type}: ${parsed.error.message}`);
    const seq = this.events.length + 1;
    const fate = this.#fate(parsed.data, seq);
    if (fate === 'before') return this.#die();
    if (fate === 'fails') {
      this.#failure = new StateError('journal.unwritable', 'no space is left');
      throw this.#failure;
    }
    const at = new Date(this.#now()).toISOString();
    const event: JournalEvent = { v: journalVersion, seq, at, ...parsed.data };
    this.events.push(event);
    if (fate === 'after') return this.#die();
    return structuredClone(event);
  }
}
