import { createHash, randomUUID } from 'node:crypto';
import { messageOf } from '../errors.ts';
import type { RunState } from '../journal/state.ts';
import type { Message } from '../runbook/notice.ts';
import type { Outcome } from './outcome.ts';
import type { Notice } from './ports.ts';
import { record, type Session } from './session.ts';

/** What a notice is about; the rest of it follows from the run. */
export type Occasion = Pick<Notice, 'kind' | 'about' | 'step' | 'hint'> & { readonly watched?: boolean };

/**
 * Tells somebody who may not be at the terminal. The notice is kept durably, and sent while the run goes on;
 * whether that went well is recorded then. Nobody is told the same twice until a person resumes. A notice
 * that cannot be sent never fails the run.
 * @throws the journal's own failure
 */
export async function tellSomebody(session: Session, occasion: Occasion): Promise<void> {
  const { about } = occasion;
  if (session.state.lastTold === about || session.notices.tells(about)) return;
  await send(session, noticeOf(session, occasion));
}

/** Sends what a step says; the same is said as often as a step says it. */
export async function sendMessage(session: Session, step: string, message: Message): Promise<void> {
  const { title, body } = message;
  const occasion = { kind: 'message', about: title, step, hint: body === '' ? undefined : body } as const;
  await send(session, { ...noticeOf(session, occasion), message });
}

/**
 * Keeps the notice of a run's end before that is recorded, so that no crash in between loses it. Until the
 * run has ended like this, another process tells of it at worst.
 */
export async function prepareToTell(session: Session, ended: Outcome, wait = false): Promise<void> {
  const occasion = occasionOf(ended, session, { wait });
  if (occasion !== undefined) await keep(session, noticeOf(session, occasion));
}

/** Tells somebody how a call has ended, where that is news to them, and waits for all that is on its way. */
export async function tellOfEnd(
  session: Session,
  outcome: Outcome,
  options: { readonly wait?: boolean },
): Promise<void> {
  const { notices, signal } = session;
  const occasion = occasionOf(outcome, session, { wait: options.wait ?? false });
  if (occasion !== undefined) await tellSomebody(session, occasion);
  if (outcome.status === 'interrupted') notices.cancel();
  await notices.settled(signal);
}

async function send(session: Session, notice: Notice): Promise<void> {
  await keep(session, notice);
  session.notices.add(notice.kind === 'message' ? notice.id : notice.about, sendAndRecord(session, notice));
}

async function keep({ ports }: Session, notice: Notice): Promise<void> {
  // What cannot be kept is sent all the same.
  await ports.notifier.keep(notice).catch(() => {});
}

async function sendAndRecord(session: Session, notice: Notice): Promise<void> {
  const { ports, notices } = session;
  const sent = await ports.notifier
    .notify(notice, notices.signal)
    .catch((thrown: unknown) => ({ by: '', exitCode: null, error: messageOf(thrown), kept: false }));
  // Nobody is to be told here; or the journal may be closed by now.
  if (sent === undefined || notices.signal.aborted) return;
  const { by, exitCode, error, kept } = sent;
  await record(session, {
    type: 'operator.notified',
    about: notice.about,
    kind: notice.kind,
    ...(notice.step === undefined ? {} : { step: notice.step }),
    notice: notice.id,
    ...(by === '' ? {} : { by }),
    exitCode,
    ...(error === undefined ? {} : { error }),
    ...(kept === true ? { kept } : {}),
  });
}

function noticeOf(session: Session, { watched, ...occasion }: Occasion): Notice {
  const { state, folder, unattended } = session;
  const { run, runbook, host } = state;
  return {
    ...occasion,
    ...{ run, runbook, host, folder, unattended },
    id: noticeId(session, occasion),
    watched: watched ?? false,
  };
}

/** The same in every process that comes to tell the same, so that a repeat is known as one; a message is never one. */
function noticeId({ state }: Session, { kind, about, step = '' }: Occasion): string {
  if (kind === 'message') return randomUUID().replaceAll('-', '');
  const { run, toldSeq } = state;
  const which = endsRun(state, kind) ? [] : [step, about, toldSeq];
  return createHash('sha256')
    .update(JSON.stringify([run, kind, ...which]))
    .digest('hex')
    .slice(0, 32);
}

/** It comes once in a run, and is prepared in other words than it is told in. */
function endsRun({ status, rollback }: RunState, kind: Notice['kind']): boolean {
  if (kind === 'completed') return true;
  const wholly = status === 'rolled-back' || (status === 'rolling-back' && rollback?.to === undefined);
  return kind === 'rolled-back' && wholly;
}

/**
 * Which end of a call somebody should hear of who is not there: what waits for a person, a failure, the
 * run's end. A soak that goes on is no news, and a stopped one was told when it stopped.
 */
function occasionOf(
  { status, step, message, hint }: Outcome,
  { state, unattended }: Pick<Session, 'state' | 'unattended'>,
  { wait }: { readonly wait: boolean },
): Occasion | undefined {
  const told = { about: message, step, hint, watched: unattended === undefined };
  const soaks = step !== undefined && state.steps.get(step)?.gate?.kind === 'soak';
  switch (status) {
    case 'completed':
      return { ...told, kind: 'completed', watched: told.watched && !wait };
    case 'waiting':
      return soaks ? undefined : { ...told, kind: 'waiting' };
    case 'ended':
      // The news of the run's end is that something failed.
      return { ...told, kind: 'failed', watched: told.watched && !wait };
    case 'failed':
    case 'rollback-incomplete':
      return { ...told, kind: 'failed' };
    case 'rolled-back':
      return { ...told, kind: 'rolled-back' };
    case 'reached':
    case 'interrupted':
      return undefined;
  }
}
