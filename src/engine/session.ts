import { StateError } from '../errors.ts';
import type { EventBody, JournalEvent } from '../journal/event.ts';
import { apply } from '../journal/fold.ts';
import { stepState, type RunState, type StepState } from '../journal/state.ts';
import type { Node, Runbook } from '../runbook/index.ts';
import type { NoticesUnderWay } from './notices.ts';
import type { Ports } from './ports.ts';

/** One process at work on one run, whose lock it holds. */
export interface Session {
  readonly ports: Ports;
  /** Missing when a run is rolled back whose runbook cannot be loaded any more. */
  readonly runbook: Runbook | undefined;
  /** Kept true to the journal by `record`. */
  readonly state: RunState;
  /** The run's folder. */
  readonly folder: string;
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP; its reason is the signal's name. */
  readonly signal: AbortSignal;
  /** Sequence number of the last event before this process began. */
  readonly beganAfter: number;
  readonly notices: NoticesUnderWay;
  /** The runbook was given for this rollback, in place of the code with which each step began. */
  readonly mended?: boolean | undefined;
  /** Nobody typed this: a unit goes on after a boot, or a timer samples a soak. */
  readonly unattended?: 'boot' | 'timer' | undefined;
  /** A timer unit of this machine looks at the soaks of its runs. */
  readonly timer?: boolean | undefined;
}

/** Makes an event durable, then part of the state, then known. */
export async function record(session: Session, event: EventBody): Promise<JournalEvent> {
  const journaled = await session.ports.journal.append(event);
  apply(session.state, journaled);
  session.ports.tell({ type: 'journaled', event: journaled });
  return journaled;
}

export function stepOf(session: Session, node: { readonly id: string }): StepState {
  return stepState(session.state, node.id);
}

export function nodeOf(session: Session, id: string): Node | undefined {
  return session.runbook?.nodes.find((node) => node.id === id);
}

/**
 * Whether the journal itself has failed: then nothing further may be begun, or even said to have failed.
 * An event that could not be stored was never written, and is a fault of the step that gave it.
 */
export function isJournalFailure(thrown: unknown): boolean {
  return (
    thrown instanceof StateError && thrown.code.startsWith('journal.') && thrown.code !== 'journal.unstorable'
  );
}

/** Thrown out of an act when the run is interrupted; never a failure of the step. */
export class Interrupted extends Error {
  readonly by: string;
  constructor(signal: AbortSignal) {
    super('interrupted');
    this.by = typeof signal.reason === 'string' ? signal.reason : 'interrupt';
  }
}

export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new Interrupted(signal);
}
