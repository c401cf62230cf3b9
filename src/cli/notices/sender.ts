import { randomUUID } from 'node:crypto';
import { messageOf } from '../../errors.ts';
import type { Notified } from '../../engine/ports.ts';
import { deliverKept, type Delivered, type DeliverOptions } from '../../host/notices/deliver.ts';
import { keepNotice, keptNotices } from '../../host/notices/outbox.ts';
import { sendNotice, type Sent } from '../../host/notices/send.ts';
import { withinTime } from '../../host/notices/time-limit.ts';
import { nameOf, wayOf, type Way } from '../../host/notices/way.ts';
import { noticeLimitMs, notifySystem } from '../../host/notify.ts';
import type { Host } from '../../runbook/index.ts';
import type { NoticeDocument } from '../../runbook/notice.ts';
import { preferences, type Preferences } from '../options/preferences.ts';
import { jsonOf, textOf } from './document.ts';

/** Sends notices by the way that the preferences name, and keeps what cannot be sent in the outbox. */
export class Sender {
  readonly #host: Pick<Host, 'exec' | 'clock'>;
  readonly #outbox: string;
  readonly #warn: (text: string) => void;

  constructor(host: Pick<Host, 'exec' | 'clock'>, outbox: string, warn: (text: string) => void) {
    this.#host = host;
    this.#outbox = outbox;
    this.#warn = warn;
  }

  /** Whether anybody is to be told. @throws UsageError `config.damaged` */
  async isAskedFor({ watched }: { readonly watched: boolean }): Promise<boolean> {
    const preferred = await preferences();
    return preferred.notify !== 'none' && (!watched || preferred['notify-when'] === 'always');
  }

  /** Makes it durable, where it goes anywhere but to this machine's own log. A failure is told as a warning. */
  async keep(document: NoticeDocument): Promise<void> {
    if (wayBy(await preferences()) === undefined) return;
    try {
      const dropped = await keepNotice(this.#outbox, document);
      if (dropped > 0) this.#warn(`too many notices wait: the oldest of them was dropped (${dropped})`);
    } catch (thrown) {
      this.#warn(`a notice cannot be kept, and is lost when it cannot be sent at once: ${messageOf(thrown)}`);
    }
  }

  /**
   * Sends it now, and others that wait after it; within seconds. What is kept and cannot be sent stays kept.
   * @param options.auto tell the system's log, where nothing else is preferred
   * @returns nothing when nobody is to be told
   */
  async send(
    document: NoticeDocument,
    signal: AbortSignal,
    options: { readonly auto: boolean },
  ): Promise<Notified | undefined> {
    const preferred = await preferences();
    const way = wayBy(preferred);
    if (way === undefined) {
      if (preferred.notify === 'none' || !options.auto) return undefined;
      const root = process.getuid?.() === 0;
      return notifySystem(this.#host.exec, textOf(document), { root, priority: document.priority });
    }
    return withinTime(noticeLimitMs, signal, (limit) => this.#sendKeptFirst(way, document, limit));
  }

  async #sendKeptFirst(way: Way, document: NoticeDocument, limit: AbortSignal): Promise<Notified> {
    if (!(await this.#keeps(document.id))) return this.#sendBy(way, document, limit);
    const delivered = await this.#deliverBy(way, limit, { first: document.id });
    const sent = delivered.sent.get(document.id);
    if (sent !== undefined) return { ...sent, kept: sent.exitCode !== 0 };
    // Another process was at it, and may have been faster.
    if (!(await this.#keeps(document.id))) return { by: nameOf(way), exitCode: 0 };
    return { by: nameOf(way), exitCode: null, error: delivered.blocked ?? 'it took too long', kept: true };
  }

  /**
   * Sends what earlier processes have left; nothing where nothing is.
   * @param pauseMs leave it alone when somebody has tried within so many milliseconds
   */
  async sendKept(signal: AbortSignal, pauseMs?: number): Promise<Delivered | undefined> {
    if ((await keptNotices(this.#outbox)).length === 0) return undefined;
    const way = wayBy(await preferences());
    return way && withinTime(noticeLimitMs, signal, (limit) => this.#deliverBy(way, limit, { pauseMs }));
  }

  /** Once, and not kept when it fails. */
  async sendOnce(document: NoticeDocument, signal: AbortSignal): Promise<Notified | undefined> {
    const way = wayBy(await preferences());
    return way === undefined
      ? this.send(document, signal, { auto: true })
      : withinTime(noticeLimitMs, signal, (limit) => this.#sendBy(way, document, limit));
  }

  async #deliverBy(
    way: Way,
    signal: AbortSignal,
    which: Pick<DeliverOptions, 'first' | 'pauseMs'>,
  ): Promise<Delivered> {
    const delivered = await deliverKept(this.#outbox, {
      send: (notice) => this.#sendBy(way, notice, signal),
      now: this.#host.clock.now().wall,
      signal,
      ...which,
    });
    for (const what of delivered.dropped) this.#warn(what);
    return delivered;
  }

  #sendBy(way: Way, notice: NoticeDocument, signal: AbortSignal): Promise<Sent> {
    const { exec } = this.#host;
    return sendNotice(way, notice, { exec, text: textOf(notice), json: jsonOf(notice), signal });
  }

  async #keeps(id: string): Promise<boolean> {
    const kept = await keptNotices(this.#outbox).catch(() => []);
    return kept.some((each) => each.id === id);
  }
}

export function randomId(): string {
  return randomUUID().replaceAll('-', '');
}

/** @throws UsageError `notify.address` */
function wayBy(preferred: Preferences): Way | undefined {
  return wayOf({
    notify: preferred.notify,
    token: preferred['notify-token'],
    headers: preferred['notify-headers'],
  });
}
