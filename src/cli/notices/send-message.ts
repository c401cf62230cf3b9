import { StepError, UsageError } from '../../errors.ts';
import type { Notified } from '../../engine/ports.ts';
import { makeFolderDurably } from '../../host/durable.ts';
import { outboxFolder } from '../../host/notices/outbox.ts';
import { noticeSentDocument } from '../../render/documents/notices.ts';
import { fillNotice } from '../../runbook/notice-template.ts';
import type { Message, Priority } from '../../runbook/notice.ts';
import type { Globals, Overrides } from '../invocation.ts';
import { preferences } from '../options/preferences.ts';
import { readAssignment } from '../parameters/assignment.ts';
import { placesOf } from '../runs/places.ts';
import { print } from '../terminal/print.ts';
import { stderr } from '../terminal/process-streams.ts';
import { hostFor } from '../work/host-for.ts';
import { messageDocument } from './document.ts';
import { randomId, Sender } from './sender.ts';

export interface SendGiven {
  readonly template?: string | undefined;
  readonly set: readonly string[];
  readonly title?: string | undefined;
  readonly body?: string | undefined;
  readonly priority?: Priority | undefined;
}

/**
 * Sends what a unit or a person says, or keeps it for a later process: either is well.
 * @throws UsageError for a message that is none; StepError `notify.failed` when it is lost
 */
export async function sendMessage(given: SendGiven, globals: Globals, overrides: Overrides): Promise<void> {
  const message = messageOf(given);
  const { sender, now } = await senderFor(globals, overrides);
  const document = messageDocument(message, { id: randomId(), kind: 'message', now });
  if (await sender.isAskedFor({ watched: false })) await sender.keep(document);
  const sent = await sender.send(document, new AbortController().signal, { auto: true });
  if (sent !== undefined && sent.exitCode !== 0 && sent.kept !== true) throw failed(sent);
  tell(globals, document.id, sent);
}

/** Tells what a runbook has found before any run; what cannot be sent is kept, and never a failure. */
export async function sendFound(message: Message, globals: Globals, overrides: Overrides): Promise<void> {
  const { sender, now } = await senderFor(globals, overrides);
  const document = messageDocument(message, { id: randomId(), kind: 'message', now });
  if (!(await sender.isAskedFor({ watched: false }))) return;
  await sender.keep(document);
  await sender.send(document, new AbortController().signal, { auto: false });
}

/**
 * Sends one notice to see whether it works.
 * @throws UsageError `notify.none`, StepError `notify.failed`
 */
export async function testNotice(globals: Globals, overrides: Overrides): Promise<void> {
  if ((await preferences()).notify === 'none') {
    throw new UsageError('notify.none', 'nobody is told: notify is none', 'See migrate config set --help.');
  }
  const { sender, now } = await senderFor(globals, overrides);
  const message: Message = {
    title: 'A test of migrate',
    body: 'Whoever reads this is told what runs of migrate come to.',
    priority: 'low',
  };
  const document = messageDocument(message, { id: randomId(), kind: 'test', now });
  const sent = await sender.sendOnce(document, new AbortController().signal);
  if (sent === undefined) {
    throw new StepError(
      'notify.failed',
      'nobody can be told: there is neither logger nor wall here',
      'Name a program, a webhook or a topic of ntfy: migrate config set notify …',
    );
  }
  if (sent.exitCode !== 0) throw failed(sent);
  tell(globals, document.id, sent);
}

function messageOf({ template, set, title, body = '', priority }: SendGiven): Message {
  if (template !== undefined) {
    const fields = Object.fromEntries(
      set.map((each) => {
        const { key, text } = readAssignment(each);
        return [key, text];
      }),
    );
    const message = fillNotice(template, fields);
    return priority === undefined ? message : { ...message, priority };
  }
  if (title === undefined || title.trim() === '') {
    throw new UsageError(
      'notice.title',
      'a notice needs --title, or --template',
      'See migrate notify templates.',
    );
  }
  if (set.length > 0) {
    throw new UsageError('notice.field', '--set fills a template, and none is named', 'Give --template too.');
  }
  return { title, body, priority: priority ?? 'medium' };
}

async function senderFor(globals: Globals, overrides: Overrides) {
  const host = hostFor(overrides);
  const { state } = placesOf(globals);
  // The first migrate on a machine may be this one.
  await makeFolderDurably(state, 0o700).catch(() => []);
  const warn = (text: string) => stderr.write(`warning: ${text}\n`);
  const silent = () => {};
  return {
    sender: new Sender(host, outboxFolder(state), globals.json ? silent : warn),
    now: host.clock.now().wall,
  };
}

function failed({ by, error, exitCode }: Notified): StepError {
  return new StepError(
    'notify.failed',
    `could not tell anybody by ${by}: ${error ?? `exit ${exitCode}`}`,
    'See migrate config list, and docs/notifications.md.',
  );
}

function tell(globals: Globals, id: string, sent: Notified | undefined): void {
  const delivered = sent?.exitCode === 0;
  const kept = sent?.kept === true;
  const document = {
    type: 'notice-sent' as const,
    id,
    delivered,
    kept,
    ...(sent === undefined ? {} : { by: sent.by }),
    ...(sent?.error === undefined ? {} : { error: sent.error }),
  };
  print(globals, noticeSentDocument, document, () => {
    if (sent === undefined) return 'nobody is to be told here';
    if (delivered) return `told by ${sent.by}`;
    return `kept, and sent by a later migrate: ${sent.by} could not be told (${sent.error ?? `exit ${sent.exitCode}`})`;
  });
}
