import { hostname } from 'node:os';
import { MigrateError, messageOf } from '../../errors.ts';
import type { Notice, Notifier } from '../../engine/index.ts';
import { notifyByProgram, notifySystem } from '../../host/notify.ts';
import { notificationDocument, type NotificationDocument } from '../../render/documents/notification.ts';
import { harmlessJson, harmlessLines } from '../../render/harmless.ts';
import type { Host } from '../../runbook/index.ts';
import { preferences } from '../options/preferences.ts';

/**
 * Reaches whoever is not at the terminal in the way that the preferences say. Left to itself it tells the
 * system's log, and as root all who are logged in, of what units of this program do; whoever typed a
 * command reads its output.
 */
export function notifierOf(host: Pick<Host, 'exec' | 'clock'>): Notifier {
  return {
    async notify(notice) {
      const { notify } = await preferences();
      const text = textOf(notice);
      if (notify === 'none') return undefined;
      if (notify !== 'auto') {
        return notifyByProgram(host.exec, notify, text, `${jsonOf(notice, host.clock.now().wall)}\n`);
      }
      if (notice.unattended === undefined) return undefined;
      return notifySystem(host.exec, text, { root: process.getuid?.() === 0 });
    },
  };
}

/**
 * Tells of what kept a unit from even working on a run, which no journal can record. A notice that
 * cannot be sent is in the unit's own output, as the error is.
 */
export async function notifyOfError(
  host: Pick<Host, 'exec' | 'clock'>,
  thrown: unknown,
  about: Pick<Notice, 'run' | 'folder' | 'unattended'>,
): Promise<void> {
  const notice: Notice = {
    ...about,
    kind: 'failed',
    about: messageOf(thrown),
    hint: thrown instanceof MigrateError ? thrown.hint : undefined,
    // What follows is the day and the letters that make it unique.
    runbook: about.run.replace(/-\d{8}-\w+$/, ''),
    host: hostname(),
  };
  await notifierOf(host)
    .notify(notice)
    .catch(() => undefined);
}

function textOf({ host, run, about, hint }: Notice): string {
  const said = `migrate on ${host}, ${run}: ${about}${hint === undefined ? '' : `\n${hint}`}`;
  return harmlessLines(said).join('\n');
}

function jsonOf(
  { kind, about, step, hint, run, runbook, host, folder, unattended }: Notice,
  now: number,
): string {
  const document: NotificationDocument = {
    type: 'notification',
    kind,
    about,
    ...(hint === undefined ? {} : { hint }),
    ...(step === undefined ? {} : { step }),
    run,
    runbook,
    host,
    folder,
    ...(unattended === undefined ? {} : { unattended }),
    at: new Date(now).toISOString(),
  };
  return harmlessJson(notificationDocument.parse(document));
}
