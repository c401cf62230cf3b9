import { exitCodes, UsageError, type ExitCode } from '../../errors.ts';
import { keptNotices, outboxFolder } from '../../host/notices/outbox.ts';
import { noticesDocument } from '../../render/documents/notices.ts';
import type { Globals, Overrides } from '../invocation.ts';
import { placesOf } from '../runs/places.ts';
import { print } from '../terminal/print.ts';
import { hostFor } from '../work/host-for.ts';
import { Sender } from './sender.ts';

/**
 * Sends what earlier processes have kept. Exit code 3 while some still wait.
 * @throws UsageError `notify.local` where notices go to nobody who could be out of reach
 */
export async function deliverNotices(globals: Globals, overrides: Overrides): Promise<ExitCode> {
  const outbox = outboxFolder(placesOf(globals).state);
  const dropped: string[] = [];
  const sender = new Sender(hostFor(overrides), outbox, (text) => dropped.push(text));
  const delivered = await sender.sendKept(new AbortController().signal);
  const left = delivered?.left ?? (await keptNotices(outbox)).length;
  if (delivered === undefined && left > 0) {
    throw new UsageError(
      'notify.local',
      `${left} notices wait, and notify names nobody to send them to`,
      'Name a program, a webhook or a topic of ntfy: migrate config set notify …',
    );
  }
  const how = [...(delivered?.sent.values() ?? [])];
  const sent = how.filter(({ exitCode }) => exitCode === 0).length;
  const error = delivered?.blocked ?? how.find(({ exitCode }) => exitCode !== 0)?.error;
  const document = {
    type: 'notices' as const,
    sent,
    left,
    dropped,
    ...(error === undefined ? {} : { error }),
  };
  print(globals, noticesDocument, document, () =>
    [`${sent} sent, ${left} still wait${error === undefined ? '' : `: ${error}`}`, ...dropped].join('\n'),
  );
  return left === 0 ? exitCodes.done : exitCodes.waiting;
}
