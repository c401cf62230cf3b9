import { dirname } from 'node:path';
import { hostname } from 'node:os';
import { MigrateError, messageOf } from '../../errors.ts';
import type { Notice, Notifier } from '../../engine/index.ts';
import type { Host } from '../../runbook/index.ts';
import { outboxFolder } from '../../host/notices/outbox.ts';
import { documentOf } from './document.ts';
import { randomId, Sender } from './sender.ts';
import type { Overrides } from '../invocation.ts';

/**
 * Reaches whoever is not at the terminal in the way that the preferences say. Left to itself it tells the
 * system's log, and as root all who are logged in, of what units of this program do; whoever typed a
 * command reads its output.
 *
 * @param given.warn told of what is lost or waits
 */
export function notifierOf(
  host: Pick<Host, 'exec' | 'clock'>,
  given: {
    readonly state: string;
    readonly warn: (text: string) => void;
    readonly overrides: Pick<Overrides, 'tellsNobody'>;
  },
): Notifier {
  if (given.overrides.tellsNobody === true) return silent;
  const sender = new Sender(host, outboxFolder(given.state), given.warn);
  const document = (notice: Notice) => documentOf(notice, host.clock.now().wall);
  return {
    async keep(notice) {
      if (await sender.isAskedFor(notice)) await sender.keep(document(notice));
    },
    async notify(notice, signal) {
      if (!(await sender.isAskedFor(notice))) return undefined;
      return sender.send(document(notice), signal, { auto: notice.unattended !== undefined });
    },
  };
}

const silent: Notifier = { keep: async () => {}, notify: async () => undefined };

/**
 * Tells of what kept a unit from even working on a run, which no journal can record. A notice that
 * cannot be sent is in the unit's own output, as the error is.
 */
export async function notifyOfError(
  host: Pick<Host, 'exec' | 'clock'>,
  thrown: unknown,
  about: Pick<Notice, 'run' | 'folder' | 'unattended'>,
  given: Omit<Parameters<typeof notifierOf>[1], 'state'>,
): Promise<void> {
  const notice: Notice = {
    ...about,
    id: randomId(),
    kind: 'failed',
    watched: false,
    about: messageOf(thrown),
    hint: thrown instanceof MigrateError ? thrown.hint : undefined,
    // What follows is the day and the letters that make it unique.
    runbook: about.run.replace(/-\d{8}-\w+$/, ''),
    host: hostname(),
  };
  const notifier = notifierOf(host, { ...given, state: stateOf(about.folder) });
  try {
    await notifier.keep(notice).catch(() => {});
    await notifier.notify(notice, new AbortController().signal);
  } catch {
    // It is in the unit's output.
  }
}

/** The state folder in which a run's folder lies. */
export function stateOf(runFolder: string): string {
  return dirname(dirname(runFolder));
}
