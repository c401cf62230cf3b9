import { messageOf } from '../../errors.ts';
import type { NoticeDocument } from '../../runbook/notice.ts';
import { isSecretReference, type SecretReference } from '../../runbook/secret.ts';
import { hiding, resolveSecret, type Revealed } from '../secrets.ts';
import { ntfyRequest } from './ntfy.ts';
import { checkedAddress, type HttpWay } from './way.ts';

/** An answer says why in its first words, if at all. */
const longestAnswer = 200;

export interface HttpFailure {
  readonly error: string;
  /** The same request would be refused again. */
  readonly refused: boolean;
}

/**
 * One request. Secrets are read now, and are in no error.
 * @returns nothing when it was taken
 */
export async function post(
  way: HttpWay & { readonly kind: 'webhook' | 'ntfy' },
  notice: NoticeDocument,
  signal: AbortSignal,
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
    const headers = new Headers({ 'content-type': 'application/json', 'idempotency-key': notice.id });
    if (way.token !== undefined) headers.set('authorization', `Bearer ${await reveal(way.token)}`);
    for (const { name, value } of way.headers) headers.set(name, await reveal(value));
    const request = way.kind === 'ntfy' ? ntfyRequest(url, notice) : { url, json: notice };
    const answer = await fetch(request.url, {
      method: 'POST',
      headers,
      body: JSON.stringify(request.json),
      // Another host would be given the headers, and what they hold.
      redirect: 'manual',
      signal,
    });
    const said = await firstWords(answer, signal);
    if (answer.status >= 200 && answer.status < 300) return undefined;
    const error = redact(`it answered ${answer.status}${said === '' ? '' : `: ${said}`}`);
    // A timeout, too early, too many: it says itself that it may be asked again.
    return { error, refused: answer.status < 500 && ![408, 425, 429].includes(answer.status) };
  } catch (thrown) {
    if (signal.aborted) return { error: 'it took too long', refused: false };
    return { error: redact(whyUnreached(thrown)), refused: false };
  }
}

/** Of the cause the code alone: its message may hold the address. */
function whyUnreached(thrown: unknown): string {
  const cause = thrown instanceof TypeError ? thrown.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code === undefined ? messageOf(thrown) : `it cannot be reached (${code})`;
}

async function firstWords(answer: Response, signal: AbortSignal): Promise<string> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return '';
  let text = '';
  try {
    const decoder = new TextDecoder();
    while (text.length < longestAnswer && !signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status has been read, and that decides.
  }
  await reader.cancel().catch(() => {});
  return text.slice(0, longestAnswer).replaceAll(/\s+/g, ' ').trim();
}
