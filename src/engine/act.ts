import { StepError } from '../errors.ts';
import { checkedCommands } from './commands.ts';
import { asking } from './context.ts';
import { crashableFiles } from './effects.ts';
import { sendMessage } from './notify.ts';
import { isJournalFailure, record, stepOf, throwIfInterrupted, type Session } from './session.ts';
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
  /** How many commands it has begun, over all its tries. */
  commandCount: number;
}

/** `setTimeout` takes no longer delay, in milliseconds, and fires at once instead. */
const longestTimer = 2 ** 31 - 1;

/**
 * Does what a step says, with its tries and its time limit. Gives the output as the body returned it.
 *
 * @param commands as they were recorded with the intent
 * @throws StepError when the last try failed; Interrupted when the run was
 */
export async function act(
  session: Session,
  node: StepNode,
  context: CapturedContext,
  commands: readonly Command[],
): Promise<unknown> {
  const { retry } = node.body;
  const { attempts: attempt } = stepOf(session, node);
  const acting: Acting = { step: node.id, attempt, undoing: false, commandCount: 0 };
  const once = () =>
    withTimeout(node, session.signal, (signal) =>
      actOnce(node, actContext(session, node, context, acting, signal), commands),
    );
  if (retry === undefined || retry.retries === 0) return once();
  const { default: pRetry } = await import('p-retry');
  return pRetry(once, {
    retries: retry.retries,
    minTimeout: retry.minDelayMs ?? 1_000,
    ...(retry.maxDelayMs === undefined ? {} : { maxTimeout: retry.maxDelayMs }),
    signal: session.signal,
    // An interruption ends it by the signal; a journal that cannot be written is no failure of the act.
    shouldRetry: ({ error }) => !isJournalFailure(error),
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft, retryDelay }) => {
      // No delay means that p-retry will not try again, as after a TypeError, which is a defect of the code.
      if (retriesLeft === 0 || retryDelay === 0 || isJournalFailure(error)) return;
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
  { body }: StepNode,
  context: ActContext,
  commands: readonly Command[],
): Promise<unknown> {
  if (body.run !== undefined) return body.run(context);
  const results: CommandResult[] = [];
  for (const command of commands) results.push(await context.exec(command));
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
  const halfway = () => ports.crashPoint(acting.undoing ? 'mid-undo' : 'mid-act', node.id);
  return {
    ...context,
    ...asking({ ...ports.host, files: crashableFiles(ports.host.files, halfway) }, signal),
    attempt: acting.attempt,
    note: async (note, data) => {
      const { attempt } = acting;
      await record(session, {
        type: 'step.noted',
        step: node.id,
        attempt,
        note,
        ...(data === undefined ? {} : { data }),
      });
      await halfway();
    },
    notify: (message) => sendMessage(session, node.id, message),
    progress: (progress) => ports.tell({ type: 'progress', step: node.id, progress }),
    log: (line) => {
      ports.logs.line(node.id, acting.attempt, line, 'note');
      ports.tell({ type: 'line', step: node.id, text: line, stream: 'note' });
    },
    exec: (command, options) => execJournaled(session, acting, command, signal, options ?? {}),
  };
}

/** Runs one command of an attempt, and journals its start and its end. */
export async function execJournaled(
  session: Session,
  acting: Acting,
  given: Command,
  signal: AbortSignal,
  options: ActExecOptions,
): Promise<CommandResult> {
  const { ports, state } = session;
  const { step, attempt, undoing } = acting;
  const [command] = checkedCommands(step, [given]) as [Command];
  throwIfInterrupted(session.signal);
  const number = (acting.commandCount += 1);
  const began = ports.host.clock.now().monotonic;
  let started = false;
  const ended = (exitCode: number | null, signalName?: string) =>
    record(session, {
      type: 'command.ended',
      step,
      attempt,
      number,
      exitCode,
      ...(signalName === undefined ? {} : { signal: signalName }),
      ms: Math.max(0, ports.host.clock.now().monotonic - began),
    });
  const spawning = ports.host.spawn(command, {
    run: state.run,
    signal: options.signal === undefined ? signal : AbortSignal.any([signal, options.signal]),
    anyExit: true,
    onStart: async (process, begin) => {
      await record(session, {
        type: 'command.started',
        step,
        attempt,
        number,
        argv: [...command.argv],
        process,
        undoing,
      });
      started = true;
      begin();
      await ports.crashPoint(undoing ? 'mid-undo' : 'mid-act', step);
    },
    onLine: (text, stream) => {
      options.onLine?.(text, stream);
      if (options.quiet === true && stream === 'stdout') return;
      ports.logs.line(step, attempt, text, stream);
      ports.tell({ type: 'line', step, text, stream });
    },
  });
  const result = await spawning.catch(async (thrown: unknown) => {
    // A command that was ended has ended; the next process need not look for it.
    if (started && !isJournalFailure(thrown)) await ended(null);
    throw thrown;
  });
  await ended(result.exitCode, result.signal);
  throwIfInterrupted(session.signal);
  signal.throwIfAborted();
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
  const limit = new AbortController();
  const timer = setTimeout(
    () => {
      limit.abort(
        new StepError('step.timeout', `step "${node.id}" took longer than its limit of ${timeout}`),
      );
    },
    Math.min(durationMs(timeout), longestTimer),
  );
  try {
    return await work(AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    throw limit.signal.aborted && !signal.aborted ? limit.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
