import { StepError } from '../errors.ts';
import { Interrupted, record, throwIfInterrupted, type Session } from './session.ts';
import { failureOf } from './failure.ts';
import {
  durationMs,
  type ActContext,
  type ActExecOptions,
  type CapturedContext,
  type Command,
  type CommandResult,
  type Node,
  type StepNode,
} from '../runbook/index.ts';

/** Which attempt of which step is acting, forward or back. */
export interface Acting {
  readonly step: string;
  readonly attempt: number;
  readonly undoing: boolean;
}

/**
 * Does what a step says, with its tries and its time limit. Gives the output as the body returned it.
 * @throws StepError when the last try failed; Interrupted when the run was
 */
export async function act(
  session: Session,
  node: StepNode,
  context: CapturedContext,
  attempt: number,
): Promise<unknown> {
  const { retry } = node.body;
  const once = () =>
    withTimeout(node, session.signal, (signal) => actOnce(session, node, context, attempt, signal));
  if (retry === undefined || retry.retries === 0) return once();
  const { default: pRetry } = await import('p-retry');
  return pRetry(once, {
    retries: retry.retries,
    minTimeout: retry.minDelayMs ?? 1_000,
    ...(retry.maxDelayMs === undefined ? {} : { maxTimeout: retry.maxDelayMs }),
    signal: session.signal,
    shouldRetry: ({ error }) => !(error instanceof Interrupted),
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft, retryDelay }) => {
      if (retriesLeft === 0 || error instanceof Interrupted) return;
      await record(session, {
        type: 'step.tried',
        step: node.id,
        attempt,
        try: attemptNumber,
        error: failureOf(error),
        nextInMs: retryDelay,
      });
    },
  }).catch((error: unknown) => {
    throwIfInterrupted(session.signal);
    throw error;
  });
}

async function actOnce(
  session: Session,
  node: StepNode,
  context: CapturedContext,
  attempt: number,
  signal: AbortSignal,
): Promise<unknown> {
  const { body } = node;
  const acting = actContext(session, node, context, { step: node.id, attempt, undoing: false }, signal);
  if (body.run !== undefined) return body.run(acting);
  const results: CommandResult[] = [];
  for (const command of body.commands?.(context) ?? []) results.push(await acting.exec(command));
  return body.result?.({ ...context, results });
}

/** The context of an act or an undo: commands run through it are journaled, logged and ended with the run. */
export function actContext(
  session: Session,
  node: Pick<Node, 'id'>,
  context: CapturedContext,
  acting: Acting,
  signal: AbortSignal,
): ActContext {
  const { ports } = session;
  let count = 0;
  return {
    ...context,
    signal,
    attempt: acting.attempt,
    progress: (progress) => ports.tell({ type: 'progress', step: node.id, progress }),
    log: (line) => {
      ports.logs.line(node.id, acting.attempt, line, 'note');
      ports.tell({ type: 'line', step: node.id, text: line, stream: 'note' });
    },
    exec: (command, options) => execJournaled(session, acting, ++count, command, signal, options ?? {}),
  };
}

/** Runs one command of an attempt, and journals its start and its end. */
export async function execJournaled(
  session: Session,
  acting: Acting,
  number: number,
  command: Command,
  signal: AbortSignal,
  options: ActExecOptions,
): Promise<CommandResult> {
  const { ports, state } = session;
  const { step, attempt, undoing } = acting;
  throwIfInterrupted(session.signal);
  const began = ports.host.clock.now().monotonic;
  const result = await ports.host.spawn(command, {
    run: state.run,
    signal: options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]),
    anyExit: true,
    onStart: async (process) => {
      await record(session, {
        type: 'command.started',
        step,
        attempt,
        number,
        argv: [...command.argv],
        process,
        undoing,
      });
      await ports.crashPoint(undoing ? 'mid-undo' : 'mid-act', step);
    },
    onLine: (text, stream) => {
      options.onLine?.(text, stream);
      if (options.quiet === true && stream === 'stdout') return;
      ports.logs.line(step, attempt, text, stream);
      ports.tell({ type: 'line', step, text, stream });
    },
  });
  const ms = ports.host.clock.now().monotonic - began;
  const signalName = result.signal === undefined ? {} : { signal: result.signal };
  await record(session, {
    type: 'command.ended',
    step,
    attempt,
    number,
    exitCode: result.exitCode,
    ...signalName,
    ms,
  });
  throwIfInterrupted(session.signal);
  if (signal.aborted) throw signal.reason;
  if (options.anyExit !== true && !(command.ok ?? [0]).includes(result.exitCode ?? -1)) {
    throw commandFailed(command, result);
  }
  return result;
}

function commandFailed(command: Command, result: CommandResult): StepError {
  const how =
    result.exitCode === null
      ? `was ended by ${result.signal ?? 'a signal'}`
      : `exited with ${result.exitCode}`;
  const tail = result.stderr.trimEnd().split('\n').slice(-5).join('\n');
  return new StepError('command.failed', `${command.argv[0]} ${how}${tail === '' ? '' : `:\n${tail}`}`);
}

async function withTimeout<T>(
  node: StepNode,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeout } = node.body;
  if (timeout === undefined) return work(signal);
  const ms = durationMs(timeout);
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(new StepError('step.timeout', `step "${node.id}" took longer than its limit of ${timeout}`));
  }, ms);
  try {
    return await work(AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    throw limit.signal.aborted && !signal.aborted ? limit.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
