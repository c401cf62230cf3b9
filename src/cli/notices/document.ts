import { hostname } from 'node:os';
import type { Notice } from '../../engine/index.ts';
import { harmlessJson, harmlessLines } from '../../render/harmless.ts';
import type { Message, NoticeDocument, NoticeKind, Priority } from '../../runbook/notice.ts';

const longestTitle = 250;
const longestText = 4_000;

const kinds: Readonly<
  Record<Exclude<NoticeKind, 'message' | 'test'>, { readonly says: string; readonly priority: Priority }>
> = {
  'soak-stopped': { says: 'not healthy, the soak stopped', priority: 'high' },
  'gate-opened': { says: 'goes on', priority: 'low' },
  waiting: { says: 'waits for you', priority: 'medium' },
  stalled: { says: 'no longer goes on by itself', priority: 'high' },
  failed: { says: 'failed', priority: 'high' },
  'rolled-back': { says: 'rolled back', priority: 'high' },
  completed: { says: 'done', priority: 'medium' },
};

/** What is sent of a run's notice. @param now wall clock, milliseconds since 1970 */
export function documentOf(notice: Notice, now: number): NoticeDocument {
  const { id, kind, about, step, hint, run, runbook, host, folder, unattended, message } = notice;
  const of = {
    ...(step === undefined ? {} : { step }),
    ...{ run, runbook, host, folder },
    ...(unattended === undefined ? {} : { unattended }),
  };
  if (message !== undefined) return { ...messageDocument(message, { id, kind: 'message', now }), ...of };
  const { says, priority } = kinds[kind as keyof typeof kinds];
  return {
    ...{ type: 'notification', id, kind, priority },
    title: oneLine(`${runbook}: ${says}`),
    body: lines(hint === undefined ? about : `${about}\n${hint}`),
    about: lines(about),
    ...(hint === undefined ? {} : { hint: lines(hint) }),
    ...of,
    at: new Date(now).toISOString(),
  };
}

/** The same of what a step, a unit or a person says. */
export function messageDocument(
  { title, body, priority, template, fields }: Message,
  { id, kind, now }: { readonly id: string; readonly kind: 'message' | 'test'; readonly now: number },
): NoticeDocument {
  return {
    ...{ type: 'notification', id, kind, priority },
    title: oneLine(title),
    body: lines(body),
    about: oneLine(title),
    ...(template === undefined ? {} : { template }),
    ...(fields === undefined
      ? {}
      : { fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, lines(value)])) }),
    host: hostname(),
    at: new Date(now).toISOString(),
  };
}

/** What the program of the operator is called with, and the system's log gets. */
export function textOf({ kind, host, run, title, body }: NoticeDocument): string {
  const where = run === undefined ? host : `${host}, ${run}`;
  const said = kind === 'message' || kind === 'test' ? [title, body].filter(Boolean).join('\n') : body;
  return `migrate on ${where}: ${said}`;
}

export function jsonOf(document: NoticeDocument): string {
  return harmlessJson(document);
}

function oneLine(text: string): string {
  return cut(harmlessLines(text).join(' '), longestTitle);
}

function lines(text: string): string {
  return cut(harmlessLines(text).join('\n'), longestText);
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}
