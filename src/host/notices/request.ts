/** One request, as data. */
export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds after which it ends itself, should its parent be gone. */
  readonly limitMs: number;
}

/** What came of it. */
export type Reply =
  | { readonly status: number; readonly said: string }
  /** Of the cause the code, where there is one: its message may hold the address. */
  | { readonly code: string | undefined; readonly message: string };

/** An answer says why in its first words, if at all. */
const longestAnswer = 200;

/** Sends a request, and never throws. */
export async function replyTo({ url, headers, body }: Request, signal?: AbortSignal): Promise<Reply> {
  try {
    // Not followed elsewhere: another host would be given the headers, and what they hold.
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: signal ?? null,
    });
    return { status: answer.status, said: await firstWords(answer) };
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.cause : undefined;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    return { code, message: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

async function firstWords(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let said = '';
  try {
    for await (const chunk of answer.body ?? []) {
      said += decoder.decode(chunk as Uint8Array, { stream: true });
      if (said.length >= longestAnswer) break;
    }
  } catch {
    // The status has been read, and that decides.
  }
  return said.slice(0, longestAnswer).replaceAll(/\s+/g, ' ').trim();
}
