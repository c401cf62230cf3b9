import type { Host, Json } from '../../runbook/index.ts';
import { readAnswer, type HttpAnswer } from './http-answer.ts';
import { httpRequest, timesOf, type HttpInput } from './http-request.ts';

export interface AskedHttp extends HttpAnswer {
  readonly tries: number;
  /** What the tries before the last came to, in order, the same in a row only once. */
  readonly before: readonly string[];
}

/** One try that was not healthy, so that p-retry tries again. */
class Unhealthy extends Error {
  readonly answer: HttpAnswer;
  constructor(answer: HttpAnswer) {
    super(answer.said);
    this.answer = answer;
  }
}

/**
 * Asks an address until its answer is the expected one, the tries are used up, or the deadline has come, by
 * the machine's clock.
 * @throws StepError `command.missing` without curl, `command.interrupted`
 */
export async function askHttp(host: Host, input: HttpInput, signal: AbortSignal): Promise<AskedHttp> {
  const { default: pRetry } = await import('p-retry');
  const { retries, everyMs, timeoutMs, deadlineMs } = timesOf(input);
  const now = () => host.clock.now().boottime;
  const end = now() + deadlineMs;
  const before: string[] = [];
  let tries = 0;
  let again = false;
  const once = async (): Promise<HttpAnswer> => {
    tries += 1;
    const request = httpRequest(input, Math.min(timeoutMs, Math.max(1, end - now())));
    const answer = readAnswer(await host.exec(request, { anyExit: true, signal }), input);
    if (answer.kind !== 'answered') throw new Unhealthy(answer);
    return answer;
  };
  try {
    const answer = await pRetry(once, {
      retries,
      // The clock is the machine's, which a rehearsal puts forward.
      minTimeout: 0,
      signal,
      // Asked right after the latter.
      shouldRetry: () => again,
      onFailedAttempt: async ({ error, retriesLeft }) => {
        again = retriesLeft > 0 && error instanceof Unhealthy && now() + everyMs < end;
        if (!again) return;
        if (before.at(-1) !== error.message) before.push(error.message);
        await host.clock.sleep(everyMs, signal);
      },
    });
    return { ...answer, tries, before };
  } catch (thrown) {
    if (thrown instanceof Unhealthy) return { ...thrown.answer, tries, before };
    throw thrown;
  }
}

export function httpEvidence({ address: asked }: HttpInput, answer: AskedHttp): Record<string, Json> {
  const { said: _, before, ...rest } = answer;
  return { asked, ...rest, ...(before.length === 0 ? {} : { before }) };
}
