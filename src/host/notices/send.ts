import type { NoticeDocument } from '../../runbook/notice.ts';
import type { Host } from '../../runbook/index.ts';
import { notifyByProgram } from '../notify.ts';
import { post, type HttpFailure } from './http.ts';
import { withinTime } from './time-limit.ts';
import { nameOf, type Way } from './way.ts';

/** How sending one notice went; `exitCode` 0 for well. */
export interface Sent {
  readonly by: string;
  readonly exitCode: number | null;
  readonly error?: string | undefined;
  /** It would be refused again; others may be taken. */
  readonly refused?: true;
}

export interface SendOptions {
  readonly exec: Host['exec'];
  /** What a person reads. */
  readonly text: string;
  /** What a program reads on standard input. */
  readonly json: string;
  /** Ends it, also between two tries. */
  readonly signal: AbortSignal;
  /** Milliseconds before the second try; each later pause is twice as long. 500 when left out. */
  readonly firstPauseMs?: number;
  /** Milliseconds that one request may take; 4,000 when left out. */
  readonly requestLimitMs?: number;
}

const retries = 3;

class NotTaken extends Error {
  readonly failure: HttpFailure;
  constructor(failure: HttpFailure) {
    super(failure.error);
    this.failure = failure;
  }
}

/** Sends a notice, over HTTP up to four times within the signal's time. It never throws. */
export async function sendNotice(way: Way, notice: NoticeDocument, options: SendOptions): Promise<Sent> {
  const { exec, text, json, signal, firstPauseMs = 500, requestLimitMs = 4_000 } = options;
  if (way.kind === 'program') {
    return notifyByProgram(exec, way.path, text, `${json}\n`, signal);
  }
  const by = nameOf(way);
  const { default: pRetry } = await import('p-retry');
  let last: HttpFailure | undefined;
  const once = async () => {
    last = await withinTime(requestLimitMs, signal, (limit) =>
      post(way, notice, { exec, signal: limit, limitMs: requestLimitMs + 1_000 }),
    );
    if (last !== undefined) throw new NotTaken(last);
  };
  try {
    await pRetry(once, {
      retries,
      minTimeout: firstPauseMs,
      signal,
      shouldRetry: ({ error }) => error instanceof NotTaken && !error.failure.refused,
    });
    return { by, exitCode: 0 };
  } catch {
    const { error, refused } = last ?? { error: 'it took too long', refused: false };
    return { by, exitCode: null, error, ...(refused ? { refused } : {}) };
  }
}
