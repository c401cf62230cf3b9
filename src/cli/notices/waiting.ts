import { messageOf } from '../../errors.ts';
import { keptNotices, outboxFolder } from '../../host/notices/outbox.ts';
import type { Host } from '../../runbook/index.ts';
import type { Overrides } from '../invocation.ts';

/**
 * Sends the notices that earlier processes have left, within seconds. Where there are none it costs one look
 * at a folder. It never throws.
 */
export async function sendWaiting(
  host: Pick<Host, 'exec' | 'clock'>,
  given: {
    /** The state folder. */
    readonly state: string;
    readonly warn: (text: string) => void;
    readonly overrides: Pick<Overrides, 'tellsNobody'>;
    readonly signal: AbortSignal;
    /** Milliseconds; see `Sender.sendKept`. */
    readonly pauseMs?: number | undefined;
  },
): Promise<void> {
  if (given.overrides.tellsNobody === true) return;
  try {
    const outbox = outboxFolder(given.state);
    if ((await keptNotices(outbox)).length === 0) return;
    const { Sender } = await import('./sender.ts');
    const delivered = await new Sender(host, outbox, given.warn).sendKept(given.signal, given.pauseMs);
    if (delivered === undefined || delivered.left === 0) return;
    const error =
      delivered.blocked ?? [...delivered.sent.values()].find((sent) => sent.exitCode !== 0)?.error;
    given.warn(`${delivered.left} earlier notices still wait${error === undefined ? '' : `: ${error}`}`);
  } catch (thrown) {
    given.warn(`what earlier notices wait cannot be told: ${messageOf(thrown)}`);
  }
}
