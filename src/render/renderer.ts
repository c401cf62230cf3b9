import type { LiveEvent } from '../engine/ports.ts';
import type { JournalEvent } from '../journal/event.ts';

/** Tells an operator or a program what happens. No method of telling throws or waits. */
export interface Renderer {
  /** What the journal already holds, before anything new is told. */
  begin(history: readonly JournalEvent[]): void;
  tell(event: LiveEvent): void;
  /** Something to know that is no event: a warning, or that a signal was heard. */
  notice(text: string): void;
  /** Gives the terminal to a question and takes it back afterwards. */
  whileAsking<Answer>(ask: () => Promise<Answer>): Promise<Answer>;
  end(): void;
}

/** Where text goes: a terminal, a pipe, or a test. */
export interface Output {
  write(text: string): void;
}

export type Verbosity = 'quiet' | 'normal' | 'verbose';

/** Tells nothing, for commands whose result says it all. */
export const silentRenderer: Renderer = {
  begin() {},
  tell() {},
  notice() {},
  whileAsking: (ask) => ask(),
  end() {},
};
