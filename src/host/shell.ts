import { statSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { StepError, messageOf } from '../errors.ts';
import type { SpawnOptions } from '../engine/ports.ts';
import {
  commandFailed,
  formatCommand,
  isAccepted,
  type Command,
  type CommandResult,
  type ExecOptions,
  type SecretReference,
} from '../runbook/index.ts';
import { Lines, Tail } from './output.ts';
import { identityOf } from './process.ts';
import { endGroup } from './process-group.ts';
import { held, letGo } from './held-start.ts';
import { findProgram } from './program.ts';
import { resolveEnvironment } from './secrets.ts';

/** The variable by which a resumed run knows the children of an earlier attempt; see orphans.ts. */
export const runMark = 'MIGRATE_RUN';

const mebibyte = 1024 * 1024;
// An answer that was cut would be believed, so a question that prints more than this fails.
const answerLimit = 64 * mebibyte;
const talkLimit = 8 * mebibyte;
const stderrLimit = mebibyte;
/** Milliseconds for which a pipe that a grandchild holds open may be silent after the command itself has ended. */
const quietAfterExitMs = 2_000;

interface RunOptions extends ExecOptions, Pick<SpawnOptions, 'onStart'> {
  readonly env: Readonly<Record<string, string>>;
  readonly stdoutLimit: number;
  /** The secrets of the run; see secrets.ts. */
  readonly secrets: readonly SecretReference[];
}

/** Runs a command to its end; see `Host.exec`. */
export async function exec(
  command: Command,
  options: ExecOptions = {},
  secrets: readonly SecretReference[] = [],
): Promise<CommandResult> {
  const result = await runCommand(command, { ...options, env: {}, stdoutLimit: answerLimit, secrets });
  if (result.cutBytes === undefined) return result;
  throw new StepError(
    'command.too-much-output',
    `the command printed more than ${answerLimit / mebibyte} MiB: ${formatCommand(command)}`,
  );
}

/** Runs a command of a step; see `EngineHost.spawn`. */
export function spawn(
  command: Command,
  options: SpawnOptions,
  secrets: readonly SecretReference[] = [],
): Promise<CommandResult> {
  return runCommand(command, {
    ...options,
    env: { [runMark]: options.run },
    stdoutLimit: talkLimit,
    secrets,
  });
}

async function runCommand(command: Command, options: RunOptions): Promise<CommandResult> {
  const { env, redact, redactShown } = await resolveEnvironment(command, options.secrets);
  const cwd = command.cwd ?? process.cwd();
  if (!isFolder(cwd)) {
    throw new StepError('command.folder', `there is no folder ${cwd} to run in: ${formatCommand(command)}`);
  }
  const [program, ...args] = command.argv;
  const file = await findProgram(program, env['PATH'] ?? process.env['PATH'], cwd);
  const { execa } = await import('execa');
  if (options.signal?.aborted) throw interrupted(command);

  const { onStart } = options;
  const child = execa(...(onStart === undefined ? ([file, args] as const) : held(file, args)), {
    cwd,
    env: { ...env, ...options.env },
    // A group of its own: the terminal's Ctrl-C reaches this program only, which ends its children in order.
    detached: true,
    buffer: false,
    reject: false,
    stripFinalNewline: false,
    encoding: 'buffer',
    stdio: [
      command.input === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      ...(onStart ? ['pipe' as const] : []),
    ],
    ...(command.input === undefined ? {} : { input: command.input }),
  });
  // At once, before the event loop can reap a child that has already ended.
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  const stdout = new Tail(options.stdoutLimit);
  const stderr = new Tail(stderrLimit);
  const { onLine } = options;
  follow(child.stdout, stdout, onLine && ((line) => onLine(redactShown(line), 'stdout')));
  follow(child.stderr, stderr, onLine && ((line) => onLine(redactShown(line), 'stderr')));
  child.nodeChildProcess.once('exit', () => {
    for (const stream of [child.stdout, child.stderr]) destroyWhenQuiet(stream);
  });

  let ending: Promise<void> | undefined;
  const end = () => {
    if (child.pid !== undefined) ending ??= endGroup(child.pid);
  };
  options.signal?.addEventListener('abort', end, { once: true });
  let failedStart: { thrown: unknown } | undefined;
  try {
    // Without an identity it has ended already.
    if (onStart !== undefined && identity !== undefined)
      await onStart(identity, () => letGo(child.nodeChildProcess.stdio[3] as Duplex));
  } catch (thrown) {
    // What is not recorded nobody could find again; it has not begun.
    failedStart = { thrown };
    end();
  }
  const ended = await child;
  options.signal?.removeEventListener('abort', end);
  await ending;
  if (failedStart !== undefined) throw failedStart.thrown;

  const result: CommandResult = {
    stdout: redact(stdout.text()),
    // The end of it tells why a command failed, and stands in the journal then.
    stderr: redactShown(stderr.text()),
    exitCode: ended.exitCode ?? null,
    ...(ended.signal === undefined ? {} : { signal: ended.signal }),
    ...(stdout.cutBytes === 0 ? {} : { cutBytes: stdout.cutBytes }),
  };
  if (ending !== undefined) throw interrupted(command);
  if (result.exitCode === null && result.signal === undefined) {
    throw new StepError(
      'command.cannot-start',
      `cannot start ${formatCommand(command)}: ${messageOf(ended.cause ?? ended)}`,
    );
  }
  if (!isAccepted(command, result) && options.anyExit !== true) {
    throw commandFailed(command, { ...result, stdout: redactShown(result.stdout) });
  }
  return result;
}

function follow(stream: Readable | null, tail: Tail, onLine: ((line: string) => void) | undefined): void {
  const lines = onLine && new Lines(onLine);
  stream?.on('data', (chunk: Buffer) => {
    tail.add(chunk);
    lines?.add(chunk);
  });
  stream?.once('close', () => lines?.end());
}

/** A daemon that inherited the pipe would keep it open for ever. */
function destroyWhenQuiet(stream: Readable | null): void {
  if (stream === null || stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), quietAfterExitMs);
  stream.on('data', () => timer.refresh());
  stream.once('close', () => clearTimeout(timer));
}

function interrupted(command: Command): StepError {
  return new StepError('command.interrupted', `interrupted: ${formatCommand(command)}`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
