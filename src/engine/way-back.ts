import type { RunState } from '../journal/state.ts';
import type { RollbackStep } from '../plan/rollback.ts';
import {
  isRestoreFile,
  type CapturedContext,
  type Host,
  type LaterWrites,
  type Runbook,
  type StepNode,
  type UndoAction,
  type UndoNeed,
} from '../runbook/index.ts';
import { capturedContext, readContext, recordedCapture, stepContext } from './context.ts';
import { failureOf } from './failure.ts';
import { withoutCode } from './undo-without-code.ts';

/** Something that an undo consumes, and whether it is there. */
export interface Need {
  readonly step: string;
  readonly name: string;
  /** `later`: it can be told only after the reboot in the middle of the rollback. */
  readonly holds: 'yes' | 'no' | 'later';
  readonly why?: string;
  /** The way out, where there is one of its own. */
  readonly mend?: string;
  /** Its lack stops no rollback. */
  readonly advisory: boolean;
}

export interface FoundWrites extends LaterWrites {
  readonly step: string;
}

interface WayBack {
  readonly needs: readonly Need[];
  /** In the order of the undos. */
  readonly laterWrites: readonly FoundWrites[];
}

/** What a look at the way back needs; a session has it, and so has a look without one. */
export interface Surroundings {
  readonly state: RunState;
  readonly runbook: Runbook | undefined;
  readonly folder: string;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/**
 * Asks, without changing anything, whether everything is there that the undos of these steps consume,
 * and what was written since that they would lose.
 *
 * @param steps in the order in which they will be undone
 */
export async function lookAtWayBack(around: Surroundings, steps: readonly RollbackStep[]): Promise<WayBack> {
  const needs: Need[] = [];
  const laterWrites: FoundWrites[] = [];
  const files = new Map<string, string | undefined>();
  const nodes = new Map(around.runbook?.nodes.map((node) => [node.id, node]));
  for (const step of steps) {
    around.signal.throwIfAborted();
    // One that has begun may have consumed what it needs; it goes on, or says itself why it cannot.
    const untouched = isUntouched(step);
    const ofFiles = await fileNeeds(around.host, step, files);
    if (!untouched) continue;
    needs.push(...ofFiles);
    const found = nodes.get(step.id);
    const node = found?.kind === 'step' ? found : undefined;
    const undo = step.step.intent?.undo;
    if (undo?.kind === 'code' && typeof node?.undo !== 'object') {
      const { message, hint } = withoutCode(around.state.run, step.id, undo);
      const base = { step: step.id, name: 'its runbook', holds: 'no' as const, advisory: false };
      needs.push({ ...base, why: message, ...(hint === undefined ? {} : { mend: hint }) });
    }
    if (node?.undo === undefined) continue;
    const context = contextFor(around, node, step);
    if (typeof context === 'string') {
      // What was recorded runs all the same; only nobody can look ahead.
      needs.push({ step: step.id, name: 'its runbook', holds: 'no', why: context, advisory: true });
      continue;
    }
    for (const need of node.undoNeeds) needs.push(await ask(step.id, need, context));
    if (typeof node.undo !== 'object' || node.undo.laterWrites === undefined) continue;
    try {
      const writes = await node.undo.laterWrites(context);
      if (writes !== undefined && writes.added + writes.changed + writes.deleted > 0)
        laterWrites.push({ ...writes, step: step.id });
    } catch (thrown) {
      around.signal.throwIfAborted();
      const why = failureOf(thrown).message;
      needs.push({ step: step.id, name: 'what was written since', holds: 'no', why, advisory: false });
    }
  }
  around.signal.throwIfAborted();
  return { needs, laterWrites };
}

function isUntouched({ step }: RollbackStep): boolean {
  return !['undoing', 'undo-failed', 'not-started'].includes(step.status);
}

/** Or why there is none. */
function contextFor(
  { state, folder, host, signal }: Surroundings,
  node: StepNode,
  { step }: RollbackStep,
): CapturedContext | string {
  try {
    const read = readContext(node, stepContext(node, state, folder), host, signal);
    return capturedContext(read, recordedCapture(step));
  } catch (thrown) {
    return failureOf(thrown).message;
  }
}

async function ask(step: string, need: UndoNeed, context: CapturedContext): Promise<Need> {
  const base = { step, name: need.name, advisory: need.advisory === true };
  try {
    const answer: unknown = await need.check(context);
    if (answer === true) return { ...base, holds: 'yes' };
    if (typeof answer === 'object' && answer !== null && 'later' in answer)
      return { ...base, holds: 'later', why: String(answer.later) };
    // What is neither yes nor a reason, such as a forgotten return, is no yes.
    return {
      ...base,
      holds: 'no',
      why: typeof answer === 'string' ? answer : `it answered ${String(answer)}`,
    };
  } catch (thrown) {
    return { ...base, holds: 'no', why: failureOf(thrown).message };
  }
}

/**
 * Whether the files that an undo puts back still hold what it expects.
 *
 * @param files as they will be by then: what an earlier undo puts back, a later one finds
 */
async function fileNeeds(
  host: Host,
  { id, step }: RollbackStep,
  files: Map<string, string | undefined>,
): Promise<Need[]> {
  const undo = step.status === 'not-started' ? undefined : step.intent?.undo;
  const actions = undo?.kind === 'data' ? (undo.actions as readonly UndoAction[]).filter(isRestoreFile) : [];
  const needs: Need[] = [];
  for (const { restore, content, expect } of actions) {
    const name = `${restore} as this step left it`;
    try {
      const now = files.has(restore) ? files.get(restore) : await host.files.read(restore);
      const fits = expect === undefined || now === expect || now === (content ?? undefined);
      const why = now === undefined ? 'it is gone' : 'it was changed since';
      needs.push({ step: id, name, advisory: false, ...(fits ? { holds: 'yes' } : { holds: 'no', why }) });
    } catch (thrown) {
      needs.push({ step: id, name, advisory: false, holds: 'no', why: failureOf(thrown).message });
    }
    files.set(restore, content ?? undefined);
  }
  return needs;
}
