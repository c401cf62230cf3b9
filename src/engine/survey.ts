import { stepState, type RunState } from '../journal/state.ts';
import {
  placeholder,
  type CapturedContext,
  type Host,
  type Node,
  type Preview,
  type ProbeAnswer,
  type ReadContext,
  type Runbook,
  type Schema,
  type StepNode,
} from '../runbook/index.ts';
import { capturedContext, readContext, stepContext } from './context.ts';
import { doneOf, probed } from './doubt.ts';
import { messageOf } from '../errors.ts';
import { parseOutput } from './output.ts';
import { attempt, doesOf, gateDoes, guessedTexts, undoesOf } from './survey-text.ts';

/** What the plan says of one step: what is so, and what would happen, changing nothing. */
export interface SurveyedStep {
  readonly node: Node;
  /** `satisfied`: the world is already so. `done`: this run did it. `unknown`: its probe cannot tell. */
  readonly standing: 'to-do' | 'satisfied' | 'done' | 'skipped' | 'in-doubt' | 'partial' | 'unknown';
  /** The commands, or what the code will do; a name in ‹› stands for a value known at run time. */
  readonly does: readonly string[];
  readonly undoes: readonly string[];
  readonly preview: Preview | undefined;
  /** Why something of this could not be found out. */
  readonly problem: string | undefined;
}

/** A survey is ended with its process. */
const never = new AbortController().signal;

/** Asks the world, read-only, what each step would do. */
export async function survey(
  runbook: Runbook,
  state: RunState,
  folder: string,
  host: Host,
): Promise<readonly SurveyedStep[]> {
  const surveyed: SurveyedStep[] = [];
  const given = new Map<string, unknown>();
  for (const { id } of runbook.nodes) {
    const { status, skipped, output } = stepState(state, id);
    if (status === 'done' || (status === 'skipped' && skipped !== 'failed-need')) given.set(id, output);
  }
  for (const node of runbook.nodes) {
    const { outputs, ...one } = await surveyNode(node, state, folder, host, given);
    if (outputs !== undefined) given.set(node.id, outputs.output);
    surveyed.push(one);
  }
  return surveyed;
}

/** With the output that the step would give, where that is known already. */
type Found = SurveyedStep & { readonly outputs?: { readonly output: unknown } | undefined };

async function surveyNode(
  node: Node,
  state: RunState,
  folder: string,
  host: Host,
  given: ReadonlyMap<string, unknown>,
): Promise<Found> {
  const none = { node, does: [] as string[], undoes: [] as string[], preview: undefined, problem: undefined };
  const step = stepState(state, node.id);
  const { outputs, askedForUnknown } = outputsFor(node, given);
  const context = { ...stepContext(node, state, folder), outputs };
  const begun = step.startedSeq !== undefined;
  // An answer that rests on a value that nobody knows yet is none.
  const skips = !begun && attempt(() => node.when?.(context)) === false && !askedForUnknown();
  if (step.status === 'done') return { ...none, standing: 'done' };
  if (skips) return { ...none, standing: 'skipped', outputs: { output: undefined } };
  if (node.kind === 'check') return { ...none, standing: 'to-do', does: [`checks: ${node.expect}`] };
  if (node.kind !== 'step') return { ...none, standing: 'to-do', does: [gateDoes(node, context)] };
  const allKnown = Object.keys(node.outputNames).every((id) => given.has(id));
  try {
    const read = readContext(node, context, host, never);
    if (allKnown) return await surveyStep(node, read, step.intent, none);
    const guess: Found = { ...none, standing: 'to-do', ...guessedTexts(node, unknownCapture(node, read)) };
    // An operation sees its input alone; where that rests on nothing unknown, the world can be asked already.
    if (node.operation === undefined || askedForUnknown()) return guess;
    const early = await surveyStep(node, read, step.intent, none);
    // What is not so yet may become so by the steps before.
    return early.standing === 'unknown' ? guess : early;
  } catch (thrown) {
    // With unknown values in it the input need not fit; when all is known, it is a fault.
    const problem = allKnown ? messageOf(thrown) : undefined;
    const standing = allKnown ? 'unknown' : 'to-do';
    const shown = unknownCapture(node, templateRead(node, context, host));
    return { ...none, standing, problem, ...guessedTexts(node, shown) };
  }
}

/** A value that no step has given yet shows as its name, and being asked for it is remembered. */
function outputsFor(
  node: Node,
  given: ReadonlyMap<string, unknown>,
): { outputs: Record<string, unknown>; askedForUnknown: () => boolean } {
  const outputs: Record<string, unknown> = {};
  let asked = false;
  for (const [id, name] of Object.entries(node.outputNames)) {
    Object.defineProperty(outputs, name, {
      enumerable: true,
      get() {
        if (given.has(id)) return given.get(id);
        asked = true;
        return placeholder(name);
      },
    });
  }
  return { outputs, askedForUnknown: () => asked };
}

async function surveyStep(
  node: StepNode,
  read: ReadContext,
  intent: { captured: unknown } | undefined,
  none: { node: Node },
): Promise<Found> {
  try {
    const captured = intent === undefined ? await node.body.capture?.(read) : intent.captured;
    const context = capturedContext(read, captured);
    const { probe } = node.body;
    const answer = probe === undefined ? 'not-started' : await probed(() => probe(context));
    const done = doneOf(answer);
    const problem = typeof answer === 'object' && 'unknown' in answer ? answer.unknown : undefined;
    const standing = intent === undefined ? standingOf(answer) : 'in-doubt';
    const preview = standing === 'satisfied' ? undefined : await node.body.preview?.(read);
    const outputs =
      standing === 'satisfied' && done !== undefined ? { output: parseOutput(node, done.output) } : undefined;
    const does = doesOf(node, context);
    return { ...none, standing, preview, problem, outputs, does, undoes: undoesOf(node, context) };
  } catch (thrown) {
    const problem = messageOf(thrown);
    return {
      ...none,
      standing: 'unknown',
      preview: undefined,
      problem,
      ...guessedTexts(node, unknownCapture(node, read)),
    };
  }
}

function standingOf(answer: ProbeAnswer<Schema>): SurveyedStep['standing'] {
  if (doneOf(answer) !== undefined) return 'satisfied';
  if (answer === 'not-started') return 'to-do';
  return answer === 'partial' ? 'partial' : 'unknown';
}

function unknownCapture(node: Node, read: ReadContext): CapturedContext {
  return capturedContext(read, placeholder(`${node.id}.captured`));
}

/** With the input as it was given, unknown values and all. */
function templateRead(node: StepNode, context: ReturnType<typeof stepContext>, host: Host): ReadContext {
  const input = attempt(() => node.operation?.with(context)) ?? placeholder('input');
  return { ...readContext({ kind: 'check' } as Node, context, host, never), input };
}
