import { z } from 'zod';
import { durationMs, type Command } from '../../runbook/index.ts';

/** An address without a name and password, which would stand in the list of processes. */
const address = z
  .url({ protocol: /^https?$/, error: 'expected an address such as http://localhost:8989/ping' })
  .refine((text) => !/^https?:\/\/[^/?#]*@/.test(text), {
    error: 'holds a name or password, which everybody on the machine could read',
  });

/** A text as any other, so that an input may be written down without `as const`. */
const period = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, { error: 'expected a duration such as 500ms or 2s' });

export const httpInput = z.strictObject({
  address,
  /** Any of 200 to 299 when left out. A redirect is followed only when `redirects` says so. */
  status: z.array(z.number().int().min(100).max(599)).min(1).readonly().optional(),
  /** Text that the answer must contain. */
  contains: z.string().min(1).optional(),
  /** How many redirects are followed; 0 when left out. */
  redirects: z.number().int().min(0).max(20).optional(),
  /** Tries after the first. */
  retries: z.number().int().min(0).max(1_000).optional(),
  /** Between two tries; `2s` when left out. */
  every: period.optional(),
  /** For one try; `10s` when left out. */
  timeout: period.optional(),
  /** For all tries; none begins after it, and the one at work is ended. `2m` when left out. */
  deadline: period.optional(),
  /** A file with the certificates of a certificate authority of one's own. */
  ca: z.string().startsWith('/').optional(),
  /** Take any certificate; the address is then not proven to be the service's. */
  insecure: z.literal(true).optional(),
});
export type HttpInput = z.input<typeof httpInput>;

/** @param timeoutMs for this try, milliseconds */
export function httpRequest({ address, redirects, ca, insecure }: HttpInput, timeoutMs: number): Command {
  const seconds = String(Math.max(1, Math.round(timeoutMs)) / 1000);
  return {
    argv: [
      'curl',
      // First, or a file in somebody's home decides too.
      '--disable',
      '--silent',
      // Only its words tell a refused connection from one without a way.
      '--verbose',
      ...['--noproxy', '*', '--proto', '=http,https', '--globoff'],
      ...['--max-time', seconds, '--max-filesize', '4194304'],
      ...(redirects === undefined || redirects === 0
        ? []
        : ['--location', '--max-redirs', String(redirects)]),
      ...(ca === undefined ? [] : ['--cacert', ca]),
      ...(insecure === true ? ['--insecure'] : []),
      ...['--write-out', String.raw`%{stderr}\n%{json}\n`],
      address,
    ],
    env: { LC_ALL: 'C' },
  };
}

export function timesOf({ retries = 0, every = '2s', timeout = '10s', deadline = '2m' }: HttpInput): {
  readonly retries: number;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
} {
  return {
    retries,
    everyMs: durationMs(every),
    timeoutMs: durationMs(timeout),
    deadlineMs: durationMs(deadline),
  };
}
