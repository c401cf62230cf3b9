import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, type Finding, type HealthProbe } from '../../runbook/index.ts';
import { givenNow, type Asking, type Given } from '../health/measure.ts';
import { askHttp, httpEvidence } from './ask-http.ts';
import type { HttpKind } from './http-answer.ts';
import { httpInput, httpRequest, timesOf, type HttpInput } from './http-request.ts';

const codes: Readonly<Record<HttpKind, string>> = {
  answered: 'http.failed',
  'wrong-status': 'http.wrong-status',
  redirected: 'http.redirected',
  'wrong-text': 'http.wrong-text',
  'too-many-redirects': 'http.too-many-redirects',
  refused: 'http.refused',
  unreachable: 'http.unreachable',
  'no-such-host': 'http.no-such-host',
  'timed-out': 'http.timed-out',
  tls: 'http.tls',
  'cut-off': 'http.cut-off',
  failed: 'http.failed',
};

const hints: Partial<Record<HttpKind, string>> = {
  redirected: 'Follow it with redirects: 1, or ask for the address that it leads to.',
  refused: 'See whether the service runs, and at which address it listens: ss -ltnp',
  tls: 'Name its certificate authority with ca, or ask by the name that is in its certificate.',
  'timed-out': 'Give it longer with timeout or retries, or see what it does: journalctl -u UNIT',
};

/**
 * Asks a service over HTTP whether it is well, with retries, within a deadline.
 *
 * Input: `address`; `status`, `contains`, what is expected; `redirects`; `retries`, `every`, `timeout`,
 * `deadline`; `ca`, `insecure`. Output: what was answered.
 * @throws StepError `http.…`, by what came of the last try
 */
export const httpHealth = operation({
  operation: 'http-health',
  version: 1,
  reversal: 'readonly',
  input: httpInput,
  output: z.object({ status: z.number(), ms: z.number(), tries: z.number(), body: z.string() }),
  idempotent: true,
  describe: ({ input }) => [httpRequest(input, timesOf(input).timeoutMs)],
  run: async ({ host, input, log, signal }) => {
    const answer = await askHttp(host, input, signal);
    for (const said of answer.before) log(said);
    const { status = 0, ms = 0, tries, body = '' } = answer;
    if (answer.kind === 'answered') return { status, ms, tries, body };
    const times = tries === 1 ? '' : ` (${tries} tries)`;
    throw new StepError(codes[answer.kind], `${input.address}: ${answer.said}${times}`, hints[answer.kind]);
  },
});

/**
 * The same as a soak's probe. A look that fails is repeated by the soak itself, so none is retried here
 * unless `retries` says so.
 */
export function httpUp<Params, Outputs>(
  given: Given<HttpInput, Params, Outputs>,
): HealthProbe<Params, Outputs> {
  const name = typeof given === 'function' ? 'its address answers' : `${given.address} answers`;
  if (typeof given !== 'function') httpInput.parse(given);
  return {
    name,
    check: async (context) => {
      const { kind, said } = await askHttp(
        context.host,
        httpInput.parse(givenNow(given, context)),
        context.signal,
      );
      return kind === 'answered' || said;
    },
  };
}

/** The same as a check: FAIL for anything but the expected answer, with what was answered as evidence. */
export function httpAnswers<Params, Outputs>(
  given: Given<HttpInput, Params, Outputs>,
): { readonly expect: string; readonly run: (context: Asking<Params, Outputs>) => Promise<Finding> } {
  return {
    expect: typeof given === 'function' ? 'the address answers' : `${given.address} answers`,
    run: async (context) => {
      const input = httpInput.parse(givenNow(given, context));
      const answer = await askHttp(context.host, input, context.signal);
      const verdict = answer.kind === 'answered' ? 'PASS' : 'FAIL';
      const observed = `${input.address}: ${answer.said}${answer.tries === 1 ? '' : ` (${answer.tries} tries)`}`;
      return { verdict, observed, evidence: httpEvidence(input, answer) };
    },
  };
}
