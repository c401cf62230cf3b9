import { messageOf } from '../errors.ts';
import type { Outcome } from './outcome.ts';
import type { Notice } from './ports.ts';
import { record, type Session } from './session.ts';

/** What a notice is about; the rest of it follows from the run. */
export type Occasion = Pick<Notice, 'kind' | 'about' | 'step' | 'hint'>;

/**
 * Tells somebody who may not be at the terminal, and records whether that went well. Nobody is told the
 * same twice until a person resumes. A notice that cannot be sent never fails the run.
 * @throws the journal's own failure
 */
export async function tellSomebody(session: Session, occasion: Occasion): Promise<void> {
  const { ports, state, folder, unattended } = session;
  if (state.lastTold === occasion.about) return;
  const { kind, about, step } = occasion;
  const { run, runbook, host } = state;
  const sent = await ports.notifier
    .notify({ ...occasion, run, runbook, host, folder, unattended })
    .catch((thrown: unknown) => ({ by: '', exitCode: null, error: messageOf(thrown) }));
  // Nobody is to be told here.
  if (sent === undefined) return;
  const { by, exitCode, error } = sent;
  await record(session, {
    type: 'operator.notified',
    about,
    kind,
    ...(step === undefined ? {} : { step }),
    ...(by === '' ? {} : { by }),
    exitCode,
    ...(error === undefined ? {} : { error }),
  });
}

/** Tells somebody how a call has ended, where that is news to them. */
export async function tellOfEnd(
  session: Session,
  outcome: Outcome,
  options: { readonly wait?: boolean },
): Promise<void> {
  const occasion = occasionOf(outcome, session, { wait: options.wait ?? false });
  if (occasion !== undefined) await tellSomebody(session, occasion);
}

/**
 * Which end of a call somebody should hear of who is not there: what waits for a person, a failure, the
 * run's end. A soak that goes on is no news, and a stopped one was told when it stopped.
 */
function occasionOf(
  { status, step, message, hint }: Outcome,
  session: Pick<Session, 'state' | 'unattended'>,
  options: { readonly wait: boolean },
): Occasion | undefined {
  const told = { about: message, step, hint };
  const soaks = step !== undefined && session.state.steps.get(step)?.gate?.kind === 'soak';
  switch (status) {
    case 'completed':
      return session.unattended === undefined && !options.wait ? undefined : { ...told, kind: 'completed' };
    case 'waiting':
      return session.unattended === undefined || soaks ? undefined : { ...told, kind: 'waiting' };
    case 'failed':
    case 'rollback-incomplete':
    case 'rolled-back':
      return session.unattended === undefined ? undefined : { ...told, kind: 'failed' };
    case 'reached':
    case 'interrupted':
      return undefined;
  }
}
