import type { RunState } from '../journal/state.ts';
import { stepState, type StepState } from '../journal/state.ts';
import { UsageError } from '../errors.ts';
import type { Session } from './session.ts';
import {
  sh,
  type Ask,
  type CapturedContext,
  type Host,
  type Node,
  type ReadContext,
  type RunInfo,
  type StepContext,
} from '../runbook/index.ts';

export function runInfo(state: RunState, folder: string): RunInfo {
  return { id: state.run, runbook: state.runbook, startedAt: state.startedAt, folder };
}

/** What is fixed before a step begins: parameters, the outputs of its needs, the run. */
export function stepContext(node: Node, state: RunState, folder: string): StepContext {
  const outputs = Object.fromEntries(
    Object.entries(node.outputNames).map(([id, name]) => [name, copyOf(stepState(state, id).output)]),
  );
  return { params: copyOf(state.params), outputs, run: runInfo(state, folder) };
}

/** What a step does to its copy reaches no other step, nor what is undone by. */
function copyOf<T>(value: T): T {
  return structuredClone(value);
}

/**
 * The context for questions to the world, with the operation's validated input.
 * @throws UsageError `step.input` when `with` gave what the operation does not take
 */
export function contextOf(session: Session, node: Node): ReadContext {
  const { state, folder, ports, signal } = session;
  return readContext(node, stepContext(node, state, folder), ports.host, signal);
}

/** The same from its parts, for a look without a session. */
export function readContext(node: Node, context: StepContext, host: Host, signal: AbortSignal): ReadContext {
  return { ...context, ...asking(host, signal), input: inputOf(node, context), sh };
}

/** Questions that end when the signal is aborted. */
export function asking(host: Host, signal: AbortSignal): Pick<ReadContext, '$' | 'host' | 'signal'> {
  const ending: Host = {
    exec: (command, options = {}) =>
      host.exec(command, {
        ...options,
        signal: options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]),
      }),
    files: host.files,
    mounts: () => host.mounts(),
    boot: () => host.boot(),
    clock: host.clock,
    ...(host.runs === undefined ? {} : { runs: host.runs }),
  };
  return { $: ask(ending), host: ending, signal };
}

/** What was captured before the first attempt, as the journal has it. */
export function recordedCapture(step: StepState): unknown {
  return copyOf(step.intent?.captured);
}

export function capturedContext(read: ReadContext, captured: unknown): CapturedContext {
  return { ...read, captured };
}

function inputOf(node: Node, context: StepContext): unknown {
  if (node.kind !== 'step' || node.operation === undefined) return undefined;
  const parsed = node.operation.input.safeParse(node.operation.with(context));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new UsageError(
    'step.input',
    `step "${node.id}" gives ${node.operation.name} what it does not take: ${problems.join('; ')}`,
  );
}

function ask(host: Host): Ask {
  return Object.assign(
    (literals: TemplateStringsArray, ...values: Parameters<Ask>[1][]) => host.exec(sh(literals, ...values)),
    {
      anyExit: (literals: TemplateStringsArray, ...values: Parameters<Ask>[1][]) =>
        host.exec(sh(literals, ...values), { anyExit: true }),
    },
  );
}
