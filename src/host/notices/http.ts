import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';
import type { NoticeDocument } from '../../runbook/notice.ts';
import { isSecretReference, type SecretReference } from '../../runbook/secret.ts';
import { hiding, resolveSecret, type Revealed } from '../secrets.ts';
import { ntfyRequest } from './ntfy.ts';
import type { Reply, Request } from './request.ts';
import { checkedAddress, type HttpWay } from './way.ts';

export interface HttpFailure {
  readonly error: string;
  /** The same request would be refused again. */
  readonly refused: boolean;
}

export interface PostOptions {
  readonly exec: Host['exec'];
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Milliseconds after which it ends by itself. */
  readonly limitMs: number;
}

/**
 * One request. Secrets are read now, reach the process that sends it through a pipe, and are in no error.
 * @returns nothing when it was taken
 */
export async function post(
  way: HttpWay & { readonly kind: 'webhook' | 'ntfy' },
  notice: NoticeDocument,
  { exec, signal, limitMs }: PostOptions,
): Promise<HttpFailure | undefined> {
  const revealed: Revealed[] = [];
  const reveal = async (reference: SecretReference) => {
    const value = await resolveSecret(reference);
    revealed.push({ value, reference });
    return value;
  };
  const redact = (text: string) => hiding(revealed)(text);
  try {
    const address = isSecretReference(way.url) ? (await reveal(way.url)).trim() : way.url;
    const url = checkedAddress(way.kind, address);
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'idempotency-key': notice.id,
    };
    if (way.token !== undefined) headers['authorization'] = `Bearer ${await reveal(way.token)}`;
    for (const { name, value } of way.headers) headers[name.toLowerCase()] = await reveal(value);
    const { url: to, json } = way.kind === 'ntfy' ? ntfyRequest(url, notice) : { url, json: notice };
    const request: Request = { url: to, headers, body: JSON.stringify(json), limitMs };
    const program = { argv: [process.execPath, requestProcess] as const, input: JSON.stringify(request) };
    const { stdout } = await exec(program, { anyExit: true, signal });
    if (stdout === '') return { error: 'it took too long', refused: false };
    return failureOf(JSON.parse(stdout) as Reply, redact);
  } catch (thrown) {
    return { error: signal.aborted ? 'it took too long' : redact(messageOf(thrown)), refused: false };
  }
}

const requestProcess = join(
  import.meta.dirname,
  `request-process${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`,
);

function failureOf(reply: Reply, redact: (text: string) => string): HttpFailure | undefined {
  if ('status' in reply) {
    const { status, said } = reply;
    if (status >= 200 && status < 300) return undefined;
    const error = redact(`it answered ${status}${said === '' ? '' : `: ${said}`}`);
    // A timeout, too early, too many: it says itself that it may be asked again.
    return { error, refused: status < 500 && ![408, 425, 429].includes(status) };
  }
  const { code, message } = reply;
  return { error: code === undefined ? redact(message) : `it cannot be reached (${code})`, refused: false };
}
