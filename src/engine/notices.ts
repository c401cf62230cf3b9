/** The notices that are on their way while the run goes on; one for each process at work on a run. */
export class NoticesUnderWay {
  /** By what they say; messages by their ids. */
  readonly #about = new Map<string, Promise<void>>();
  readonly #cancellation = new AbortController();
  #failure: { readonly thrown: unknown } | undefined;

  /** Aborted when the process must not wait for them any more. */
  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  tells(about: string): boolean {
    return this.#about.has(about);
  }

  add(key: string, telling: Promise<void>): void {
    const ended = telling
      .catch((thrown: unknown) => void (this.#failure ??= { thrown }))
      .finally(() => this.#about.delete(key));
    this.#about.set(key, ended);
  }

  /**
   * Waits until all have been sent or kept, which takes seconds at most.
   * @param signal ends the waiting when it is aborted now, not when it was before: who was cut off is told
   * @throws the journal's own failure
   */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#about.size > 0) {
      const cancel = () => this.cancel();
      if (!signal.aborted) signal.addEventListener('abort', cancel, { once: true });
      const cancelled = new Promise<void>((resolve) => {
        if (this.signal.aborted) resolve();
        else this.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([Promise.all(this.#about.values()), cancelled]);
      signal.removeEventListener('abort', cancel);
    }
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  /** What is kept is sent by a later process; nothing of it is recorded by this one. */
  cancel(): void {
    this.#cancellation.abort();
  }
}
