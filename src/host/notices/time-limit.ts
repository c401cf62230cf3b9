/**
 * Does work whose signal is aborted after a time, or with another signal. Not by `AbortSignal.any` and
 * `AbortSignal.timeout`: the collector of garbage takes such a signal apart before its time.
 *
 * @param ms milliseconds
 */
export async function withinTime<Result>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const end = () => controller.abort();
  const timer = setTimeout(end, ms);
  if (signal?.aborted === true) end();
  else signal?.addEventListener('abort', end, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}
