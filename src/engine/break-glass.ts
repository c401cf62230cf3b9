import type { RecordedUndo } from '../journal/event.ts';
import { isOver, stepState } from '../journal/state.ts';
import { coveredSteps } from '../plan/break-glass/covered.ts';
import { markKey, parseAskedBoot, parseMarks, type Mark } from '../plan/break-glass/marks.ts';
import { breakGlassScript } from '../plan/break-glass/script.ts';
import { begunSteps, planRollback } from '../plan/rollback.ts';
import type { Node } from '../runbook/index.ts';
import { recordedCapture } from './context.ts';
import { record, type Session } from './session.ts';
import { probeUndone } from './undo-probe.ts';

interface Writing {
  /** Steps that are about to begin, of which the journal may know nothing yet. */
  readonly coming: Map<string, RecordedUndo>;
  /** The write before, so that the last one knows of every step that is coming. */
  last: Promise<unknown>;
}

const writings = new WeakMap<Session, Writing>();

/**
 * Has the script for a rescue shell cover a step that is about to begin. Called before the intent is
 * durable: the script then covers, at any power cut, every step whose act may have begun; and when it
 * cannot be written, nothing has begun and nothing is in doubt.
 *
 * @throws StateError `journal.no-undo-script` when it cannot be written, as on a full disk
 */
export async function coverStep(session: Session, { id }: Node, undo: RecordedUndo): Promise<void> {
  if (undo.kind === 'nothing') return;
  const writing = writings.get(session) ?? { coming: new Map(), last: Promise.resolve() };
  writings.set(session, writing);
  writing.coming.delete(id);
  writing.coming.set(id, undo);
  const written = writing.last.then(() => writeScript(session, writing.coming));
  writing.last = written.catch(() => {});
  await written;
}

/** Writes the script anew after a rollback that kept something; one that covers too much does no harm. */
export async function refreshScript(session: Session): Promise<void> {
  const coming = writings.get(session)?.coming;
  coming?.clear();
  await writeScript(session, new Map()).catch(() => {});
}

async function writeScript(session: Session, coming: ReadonlyMap<string, RecordedUndo>): Promise<void> {
  const { state, ports } = session;
  const now = await ports.host.boot();
  const text = breakGlassScript({
    run: state.run,
    summary: state.summary,
    host: state.host,
    ...(await ports.breakGlass.machine()),
    writtenAt: new Date(ports.host.clock.now().wall).toISOString(),
    rollbacks: ports.journal.events.filter(
      (event) => event.type === 'rollback.completed' && event.to === undefined,
    ).length,
    steps: coveredSteps(state, coming, now),
  });
  await ports.breakGlass.write(text);
}

/**
 * Takes note of what the script has undone while this program could not run: the run then goes back,
 * and from where the script came to. A step that its probe still finds is not believed to be undone.
 *
 * @returns the steps that it had undone
 */
export async function takeMarks(session: Session): Promise<readonly string[]> {
  const { state, ports } = session;
  const { done, reboot } = await ports.breakGlass.marks();
  if (done === '' && reboot === '') return [];
  if (isOver(state) && state.status !== 'completed') return [];
  const undone: Mark[] = [];
  for (const mark of parseMarks(done)) if (await stands(session, mark)) undone.push(mark);
  const askedIn = parseAskedBoot(reboot);
  const asked = askedIn !== undefined && state.rollback?.reboot !== 'passed';
  if (undone.length > 0 || asked) {
    await announce(session, asked);
    for (const { step, at, by } of undone) {
      const when = new Date(at * 1000).toISOString();
      const why = by === 'script' ? `undo.sh did it at ${when}` : `undo.sh was told so at ${when}`;
      await record(session, { type: 'undo.completed', step, by, why });
    }
    if (asked && state.rollback?.reboot === 'needed') {
      const says = 'undo.sh has undone what takes effect at the next boot; reboot this machine now';
      await record(session, { type: 'rollback.reboot-entered', boot: askedIn, says });
    }
  }
  // Only now: a process that is killed before it finds them again, and the journal says which it took.
  await ports.breakGlass.forgetMarks();
  return undone.map(({ step }) => step);
}

/** Whether a mark is about the step as it stands, and its probe does not say otherwise. */
async function stands(session: Session, { step: id, key }: Mark): Promise<boolean> {
  const step = stepState(session.state, id);
  if (step.startedSeq === undefined || step.intent === undefined) return false;
  if (markKey(id, step.intent.undo) !== key) return false;
  const { is } = await probeUndone(session, id, recordedCapture(step));
  return is !== 'done' && is !== 'partial';
}

async function announce(session: Session, asked: boolean): Promise<void> {
  const { state, ports } = session;
  const reboot = asked || planRollback(state, await ports.host.boot()).rebootNeeded;
  if (state.status === 'rolling-back' && !(reboot && state.rollback?.reboot === 'not-needed')) return;
  const steps = begunSteps(state).map(({ id }) => id);
  await record(session, { type: 'rollback.started', steps, reboot });
}
