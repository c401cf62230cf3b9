import type { RecordedUndo } from '../journal/event.ts';
import { isOver, mayGoBack, stepState, type RunState } from '../journal/state.ts';
import { coveredSteps } from '../plan/break-glass/covered.ts';
import { markKey, parseAskedBoot, parseMarks, type Mark } from '../plan/break-glass/marks.ts';
import { breakGlassScript, sentenceOf } from '../plan/break-glass/script.ts';
import { StepBlocks, type BreakGlassStep } from '../plan/break-glass/step-blocks.ts';
import { seal } from '../plan/break-glass/words.ts';
import { begunSteps, planRollback } from '../plan/rollback.ts';
import type { StepNode } from '../runbook/index.ts';
import { recordedCapture } from './context.ts';
import { record, type Session } from './session.ts';
import { probeUndone } from './undo-probe.ts';

interface Writing {
  /** Steps that are about to begin, of which the journal may know nothing yet. */
  readonly coming: Map<string, RecordedUndo>;
  /** The write before, so that the last one knows of every step that is coming. */
  last: Promise<unknown>;
  /** What this process has written; `undefined` when the next step needs the script to be written anew. */
  script: { readonly blocks: StepBlocks; readonly keys: Map<string, string> } | undefined;
  /** How many of the journal's events were looked at for a turn. */
  seen: number;
  /** Something was undone or edited, so that a step may begin that is not undone before all others. */
  turned: boolean;
}

/** By the state, which all sessions of one process have in common. */
const writings = new WeakMap<RunState, Writing>();

/**
 * Has the script for a rescue shell cover a step that is about to begin. Called before the intent is
 * durable: the script then covers, at any power cut, every step whose act may have begun; and when it
 * cannot be written, nothing has begun and nothing is in doubt.
 *
 * @throws StateError `journal.no-undo-script` when it cannot be written, as on a full disk
 */
export async function coverStep(session: Session, node: StepNode, undo: RecordedUndo): Promise<void> {
  if (undo.kind === 'nothing') return;
  const writing = writingOf(session);
  writing.coming.delete(node.id);
  writing.coming.set(node.id, undo);
  const written = writing.last.then(() => cover(session, writing, node, undo));
  writing.last = written.catch(() => {});
  await written;
}

/** Writes the script anew after a rollback that kept something; one that covers too much does no harm. */
export async function refreshScript(session: Session): Promise<void> {
  writings.delete(session.state);
  await writeScript(session, new Map(), new StepBlocks()).catch(() => {});
}

function writingOf({ state }: Session): Writing {
  const known = writings.get(state);
  if (known !== undefined) return known;
  const fresh = { coming: new Map(), last: Promise.resolve(), script: undefined, seen: 0, turned: false };
  writings.set(state, fresh);
  return fresh;
}

/** Appends one step where that is the same as to write all of them anew. */
async function cover(
  session: Session,
  writing: Writing,
  { id, title, effective }: StepNode,
  undo: RecordedUndo,
): Promise<void> {
  const key = markKey(id, undo);
  const { script } = writing;
  if (script?.keys.get(id) === key) return;
  // A write that fails half-way leaves an end that nothing may be appended to.
  writing.script = undefined;
  // What only a person can do stands at the script's head.
  const mayAppend = !hasTurned(session, writing) && sentenceOf(undo) === undefined;
  if (script !== undefined && !script.keys.has(id) && mayAppend) {
    const step = { id, title, effective, boot: await session.ports.host.boot(), undo };
    await session.ports.breakGlass.append(script.blocks.next(step), seal);
    script.keys.set(id, key);
    writing.script = script;
    return;
  }
  const blocks = new StepBlocks();
  const steps = await writeScript(session, writing.coming, blocks);
  writing.script = { blocks, keys: new Map(steps.map((step) => [step.id, markKey(step.id, step.undo)])) };
}

function hasTurned({ ports: { journal } }: Session, writing: Writing): boolean {
  for (; writing.seen < journal.events.length && !writing.turned; writing.seen += 1) {
    const type = journal.events[writing.seen]?.type;
    writing.turned = type === 'undo.completed' || type === 'run.changed' || type === 'rollback.started';
  }
  return writing.turned;
}

async function writeScript(
  session: Session,
  coming: ReadonlyMap<string, RecordedUndo>,
  blocks: StepBlocks,
): Promise<readonly BreakGlassStep[]> {
  const { state, ports } = session;
  const steps = coveredSteps(state, coming, await ports.host.boot());
  const text = breakGlassScript(
    {
      run: state.run,
      summary: state.summary,
      host: state.host,
      ...(await ports.breakGlass.machine()),
      writtenAt: new Date(ports.host.clock.now().wall).toISOString(),
      rollbacks: ports.journal.events.filter(
        (event) => event.type === 'rollback.completed' && event.to === undefined,
      ).length,
      steps,
    },
    blocks,
  );
  await ports.breakGlass.write(text);
  return steps;
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
  if (isOver(state) && !mayGoBack(state)) return [];
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
