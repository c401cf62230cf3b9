import type { EventOf } from '../journal/event.ts';
import { isSameBoot } from '../journal/boot.ts';
import { isDue, leftMs, unconfirmed } from '../plan/deadline.ts';
import { confirmable, isAtBoot } from './confirmable.ts';
import { goBackUnconfirmed } from './go-back.ts';
import { outcome, type Outcome } from './outcome.ts';
import { record, type Session } from './session.ts';

/** Milliseconds between two looks for a word that came by another process. */
const lookEveryMs = 500;

type Held = NonNullable<ReturnType<typeof unconfirmed>>;

export interface HoldOptions {
  /** This process has tried the step, and it did not come to its end. */
  readonly tried: boolean;
  /** A reboot that the step takes effect at can still be asked for. */
  readonly rebootAhead: boolean;
  /** Leave with exit code 3 instead of waiting: no time passes in a rehearsal, and nobody is at its side. */
  readonly leave: boolean;
}

/**
 * What becomes of a step that somebody must confirm, before anything else may begin: it is confirmed, or
 * undone; `go-on` while the step itself, or the reboot at which it takes effect, is still to be done.
 */
export async function holdForConfirmation(
  session: Session,
  held: Held,
  options: HoldOptions,
): Promise<'go-on' | 'confirmed' | Outcome> {
  const back = (why: string) => goBackUnconfirmed(session, held.id, why);
  const left = await timeLeft(session, held);
  if (held.deadline.decided === 'expired') return back('nobody confirmed it');
  const inEffect = held.status === 'done' && (await isInEffect(session, held));
  if (inEffect && (await requested(session, held))) return confirmed(session, held, 'elsewhere');
  if (left <= 0) return back(`nobody confirmed it within ${span(held.deadline.withinMs)}`);
  if (held.status !== 'done') {
    const why = notDoneWhy(session, held, options.tried);
    return why === undefined ? 'go-on' : back(why);
  }
  if (options.rebootAhead) return 'go-on';
  if (!inEffect) {
    return outcome('waiting', `"${held.id}" takes effect when this machine boots; reboot it now`, {
      step: held.id,
      hint: `After it, log in and confirm: ${confirmCommand(session, held.id)}`,
    });
  }
  if (options.leave) {
    return outcome('waiting', `"${held.id}" is done, and is undone unless somebody confirms it`, {
      step: held.id,
      hint: `${confirmCommand(session, held.id)}, then migrate resume ${session.state.run}`,
    });
  }
  const answer = await awaitWord(session, held);
  return 'from' in answer ? confirmed(session, held, answer.from) : back(answer.why);
}

/**
 * Confirms a step by the word of somebody who holds the run's lock, since no process waits there.
 * @throws UsageError `confirm.not-armed`, `confirm.not-done`, `confirm.not-booted` when there is nothing to
 *   confirm (yet); MigrateError `confirm.too-late` when it is to be taken back
 */
export async function confirmByHand(session: Session, id: string): Promise<'confirmed' | 'already'> {
  const { host } = session.ports;
  const standing = confirmable(session.state, id, host.clock.now(), await host.boot());
  if (standing.is === 'already') return 'already';
  await record(session, { type: 'step.confirmed', step: id, from: 'elsewhere' });
  return 'confirmed';
}

/** Takes back what nobody confirmed in time, which needs no look at the runbook; `undefined` when nothing is due. */
export async function goBackIfDue(session: Session): Promise<Outcome | undefined> {
  const held = unconfirmed(session.state);
  const { host } = session.ports;
  if (held === undefined || !isDue(session.state, host.clock.now(), await host.boot())) return undefined;
  // A word that came before the deadline and that nobody has read yet still counts.
  const standing = await holdForConfirmation(session, held, { tried: false, rebootAhead: true, leave: true });
  return typeof standing === 'object' ? standing : undefined;
}

/**
 * Waits for the word that a step needs, or takes it back, which needs no look at the runbook either;
 * `undefined` when it was confirmed, or nothing was to be.
 */
export async function decideUnconfirmed(session: Session): Promise<Outcome | undefined> {
  const held = unconfirmed(session.state);
  if (held === undefined) return undefined;
  const options = { tried: false, rebootAhead: false, leave: false };
  const standing = await holdForConfirmation(session, held, options);
  return typeof standing === 'object' ? standing : undefined;
}

/** Why a step that has not come to its end is taken back now; `undefined` when it may (still) be tried. */
function notDoneWhy(session: Session, { status, error }: Held, tried: boolean): string | undefined {
  if (status === 'undoing' || status === 'undo-failed') return 'it was on its way back';
  if (isInterrupted(session)) return `interrupted by ${String(session.signal.reason)}`;
  if (tried) return status === 'failed' ? `it failed: ${error?.message}` : 'it did not come to its end';
  // To do again what may have cut everybody off is for somebody who is there.
  return session.unattended === undefined ? undefined : 'it did not come to its end, and nobody is there';
}

/** A connection that is lost may come back within the deadline; what else interrupts is meant. */
export function isInterrupted({ signal }: Session): boolean {
  return signal.aborted && signal.reason !== 'SIGHUP';
}

/** What takes effect at boot cannot be confirmed in the boot in which it was done. */
async function isInEffect(session: Session, held: Held): Promise<boolean> {
  const { state, ports } = session;
  return !isAtBoot(state, held.id) || !isSameBoot(held.deadline.boot, await ports.host.boot());
}

async function awaitWord(
  session: Session,
  held: Held,
): Promise<{ readonly from: 'terminal' | 'elsewhere' } | { readonly why: string }> {
  const { clock } = session.ports.host;
  const asking = new AbortController();
  const ended = new AbortController();
  const interrupted = () => {
    if (isInterrupted(session)) ended.abort();
  };
  session.signal.addEventListener('abort', interrupted);
  let answer: 'yes' | 'no' | 'absent' | undefined;
  const asked = session.ports.operator
    .stillThere(held.id, question(session, held, await timeLeft(session, held)), asking.signal)
    .catch(() => 'absent' as const)
    .then((said) => void (answer = said));
  try {
    for (let told = Infinity; ;) {
      if (answer === 'yes') return { from: 'terminal' };
      if (await requested(session, held)) return { from: 'elsewhere' };
      if (isInterrupted(session)) return { why: `interrupted by ${String(session.signal.reason)}` };
      if (answer === 'no') return { why: 'somebody at the terminal said so' };
      const left = await timeLeft(session, held);
      if (left <= 0) return { why: `nobody confirmed it within ${span(held.deadline.withinMs)}` };
      if (dueAt(left) < told) {
        told = dueAt(left);
        const command = confirmCommand(session, held.id);
        session.ports.tell({ type: 'deadline', step: held.id, leftMs: left, command });
      }
      const pause = clock.sleep(Math.min(left, lookEveryMs), ended.signal).catch(() => {});
      await (answer === undefined ? Promise.race([pause, asked]) : pause);
    }
  } finally {
    asking.abort();
    session.signal.removeEventListener('abort', interrupted);
  }
}

/** The countdown is told by the minute, and in the last one by ten seconds. */
function dueAt(left: number): number {
  const step = left > 60_000 ? 60_000 : 10_000;
  return Math.ceil(left / step) * step;
}

function question(session: Session, { id }: Held, left: number): string {
  const until = new Date(session.ports.host.clock.now().wall + left).toISOString();
  return [
    `"${id}" is done. Can you still reach this machine? Unless somebody says so until ${until}, it is undone.`,
    `Better than here, since this connection may outlive what a new one needs: log in anew and type ${confirmCommand(session, id)}`,
  ].join('\n');
}

function requested({ ports }: Session, { id, deadline }: Held): Promise<boolean> {
  return ports.confirmations.requested(id, deadline.armedSeq);
}

async function timeLeft({ ports: { host } }: Session, { deadline }: Held): Promise<number> {
  return leftMs(deadline, host.clock.now(), await host.boot());
}

async function confirmed(
  session: Session,
  { id }: Held,
  from: EventOf<'step.confirmed'>['from'],
): Promise<'confirmed'> {
  await record(session, { type: 'step.confirmed', step: id, from });
  return 'confirmed';
}

export function confirmCommand({ state }: Pick<Session, 'state'>, step: string): string {
  return `migrate confirm ${state.run} ${step}`;
}

function span(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 6_000) / 10} min`;
}
