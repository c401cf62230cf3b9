import { stepState, type RunState } from '../journal/state.ts';
import {
  formatCommand,
  isRestoreFile,
  placeholder,
  type CapturedContext,
  type Host,
  type Node,
  type Preview,
  type ReadContext,
  type Runbook,
  type StepNode,
} from '../runbook/index.ts';
import { capturedContext, readContext, stepContext } from './context.ts';
import { doneOf, probed } from './doubt.ts';
import { messageOf } from '../errors.ts';

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

/** Asks the world, read-only, what each step would do. */
export async function survey(
  runbook: Runbook,
  state: RunState,
  folder: string,
  host: Host,
): Promise<readonly SurveyedStep[]> {
  const surveyed: SurveyedStep[] = [];
  const known = new Set(
    state.nodes.filter(({ id }) => stepState(state, id).status === 'done').map(({ id }) => id),
  );
  for (const node of runbook.nodes) {
    const one = await surveyNode(node, state, folder, host, known);
    if (one.standing === 'satisfied') known.add(node.id);
    surveyed.push(one);
  }
  return surveyed;
}

async function surveyNode(
  node: Node,
  state: RunState,
  folder: string,
  host: Host,
  known: ReadonlySet<string>,
): Promise<SurveyedStep> {
  const none = { node, does: [] as string[], undoes: [] as string[], preview: undefined, problem: undefined };
  const step = stepState(state, node.id);
  const real = stepContext(node, state, folder);
  // A value that no step has given yet shows as its name.
  const outputs = Object.fromEntries(
    Object.entries(node.outputNames).map(([id, name]) => [
      name,
      known.has(id) ? real.outputs?.[name as never] : placeholder(name),
    ]),
  );
  const context = { ...real, outputs };
  const allKnown = Object.keys(node.outputNames).every((id) => known.has(id));
  if (attempt(() => node.when?.(context)) === false) return { ...none, standing: 'skipped' };
  if (node.kind === 'check')
    return { ...none, standing: step.status === 'done' ? 'done' : 'to-do', does: [`checks: ${node.expect}`] };
  if (node.kind !== 'step')
    return { ...none, standing: step.status === 'done' ? 'done' : 'to-do', does: [gateDoes(node, context)] };
  if (step.status === 'done') return { ...none, standing: 'done' };
  const read = readForSurvey(node, context, host);
  if (read === undefined || !allKnown) {
    const shown = capturedContext(read ?? templateRead(context, host), placeholder(`${node.id}.captured`));
    return { ...none, standing: 'to-do', ...texts(node, shown) };
  }
  return surveyStep(node, read, step.intent, none);
}

async function surveyStep(
  node: StepNode,
  read: ReadContext,
  intent: { captured: unknown } | undefined,
  none: { node: Node },
): Promise<SurveyedStep> {
  try {
    const captured = intent === undefined ? await node.body.capture?.(read) : intent.captured;
    const context = capturedContext(read, captured);
    const { probe } = node.body;
    const answer = probe === undefined ? 'not-started' : await probed(() => probe(context));
    const standing =
      intent !== undefined
        ? 'in-doubt'
        : doneOf(answer) !== undefined
          ? 'satisfied'
          : answer === 'not-started'
            ? 'to-do'
            : answer === 'partial'
              ? 'partial'
              : 'unknown';
    const problem = typeof answer === 'object' && 'unknown' in answer ? answer.unknown : undefined;
    const preview = await node.body.preview?.(read);
    return { ...none, standing, preview, problem, ...texts(node, context) };
  } catch (thrown) {
    const shown = capturedContext(read, placeholder(`${node.id}.captured`));
    return {
      ...none,
      standing: 'unknown',
      preview: undefined,
      problem: messageOf(thrown),
      ...texts(node, shown),
    };
  }
}

function readForSurvey(
  node: Node,
  context: ReturnType<typeof stepContext>,
  host: Host,
): ReadContext | undefined {
  return attempt(() => readContext(node, context, host));
}

function templateRead(context: ReturnType<typeof stepContext>, host: Host): ReadContext {
  return { ...readContext({ kind: 'check' } as Node, context, host), input: placeholder('input') };
}

function texts(
  node: StepNode,
  context: CapturedContext,
): { does: readonly string[]; undoes: readonly string[] } {
  return {
    does: attempt(() => doesOf(node, context)) ?? ['known at run time'],
    undoes: attempt(() => undoesOf(node, context)) ?? ['known at run time'],
  };
}

function doesOf(node: StepNode, context: CapturedContext): string[] {
  if (node.body.commands !== undefined) return node.body.commands(context).map(formatCommand);
  const described =
    typeof node.body.describe === 'function' ? node.body.describe(context) : (node.body.describe ?? '');
  return (typeof described === 'string' ? [described] : described).map((line) =>
    typeof line === 'string' ? line : formatCommand(line),
  );
}

function undoesOf(node: StepNode, context: CapturedContext): string[] {
  if (node.reversal === 'irreversible') return [`cannot be undone: ${node.irreversible ?? ''}`];
  if (node.undo === undefined) return [];
  if (typeof node.undo === 'object')
    return [typeof node.undo.describe === 'function' ? node.undo.describe(context) : node.undo.describe];
  return node
    .undo(context)
    .map((action) => (isRestoreFile(action) ? `restore ${action.restore}` : formatCommand(action)));
}

function gateDoes(
  node: Exclude<Node, { kind: 'step' | 'check' }>,
  context: ReturnType<typeof stepContext>,
): string {
  const text = (value: string | ((context: never) => unknown)) =>
    String(
      typeof value === 'function' ? (attempt(() => value(context as never)) ?? 'known at run time') : value,
    );
  switch (node.kind) {
    case 'confirm':
      return `asks: ${text(node.ask)}`;
    case 'manual':
      return `waits for a person: ${text(node.instructions)}`;
    case 'reboot':
      return `waits for a reboot: ${text(node.instructions)}`;
    case 'soak':
      return `waits for ${typeof node.min === 'function' ? text(node.min) : node.min} of observed healthy time (${node.probes.map(({ name }) => name).join(', ')})`;
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
