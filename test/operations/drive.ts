import { join } from 'node:path';
import { StepError } from '../../src/errors.ts';
import { thisMachine } from '../../src/host/this-machine.ts';
import {
  firstLoss,
  isRestoreFile,
  sh,
  type ActContext,
  type Command,
  type Host,
  type LaterWrites,
  type Operation,
  type OutputOf,
  type Preview,
  type ProbeAnswer,
  type Progress,
  type Reversal,
  type Schema,
  type UndoAction,
  type UndoNeed,
} from '../../src/runbook/index.ts';
import { temporaryFolder } from '../host/folder.ts';

/** A step that has captured, as the engine holds it between intent and checkpoint. */
export interface Driven<Captured, Output extends Schema> {
  readonly captured: Captured;
  /** What the plan and the record show of the act. */
  readonly described: readonly (string | Command)[];
  /** Where the undo is data. */
  readonly undoActions: readonly UndoAction[];
  readonly log: readonly string[];
  readonly progress: readonly Progress[];
  readonly folder: string;
  probe(): Promise<ProbeAnswer<Output> | 'none'>;
  act(): Promise<OutputOf<Output>>;
  verify(output: OutputOf<Output>): Promise<void>;
  /** @param laterWrites what was decided about them */
  undo(laterWrites?: 'carry-back' | 'drop'): Promise<void>;
  /** What it needs and does not find. */
  missing(): Promise<readonly string[]>;
  laterWrites(): Promise<LaterWrites | undefined>;
}

export interface DriveOptions {
  readonly host?: Host;
  readonly run?: { readonly id?: string; readonly folder?: string };
  /** Told of each mark that the act makes durable, when it is. */
  readonly onNote?: (note: string) => void;
}

/** Drives an operation as the engine would, on this machine: capture now, the rest when called. */
export async function drive<Input, Captured, Output extends Schema, R extends Reversal>(
  operation: Operation<Input, Captured, Output, R>,
  given: NoInfer<Input>,
  options: DriveOptions = {},
): Promise<Driven<Captured, Output>> {
  const host = options.host ?? thisMachine();
  const folder = options.run?.folder ?? temporaryFolder();
  const run = {
    id: options.run?.id ?? 'test-20260101-abcd',
    runbook: 'test',
    startedAt: '2026-01-01T00:00:00Z',
    folder,
  };
  const input = operation.input.parse(given);
  const $ = Object.assign((...words: Parameters<typeof sh>) => host.exec(sh(...words)), {
    anyExit: (...words: Parameters<typeof sh>) => host.exec(sh(...words), { anyExit: true }),
  });
  const read = { params: {}, outputs: {}, run, input, $, sh, host, signal: new AbortController().signal };
  // Through the journal and back, as a later process would find it.
  const captured = (await roundTrip(await operation.capture?.(read))) as Captured;
  const context = { ...read, captured };

  const log: string[] = [];
  const progress: Progress[] = [];
  const acting: ActContext<unknown, unknown, Input, Captured> = {
    ...context,
    exec: (command, execOptions) => host.exec(command, execOptions),
    progress: (report) => void progress.push(report),
    note: async (note) => {
      log.push(note);
      options.onNote?.(note);
    },
    log: (line) => void log.push(line),
    signal: new AbortController().signal,
    attempt: 1,
  };
  const { undo } = operation as { undo?: unknown };
  const undoActions = typeof undo === 'function' ? ((await roundTrip(undo(context))) as UndoAction[]) : [];
  const described =
    operation.commands?.(context) ??
    (typeof operation.describe === 'function'
      ? [operation.describe(context)].flat()
      : [operation.describe ?? '']);

  const verify = async (output: OutputOf<Output>) => operation.verify?.({ ...context, output });
  return {
    captured,
    described,
    undoActions,
    log,
    progress,
    folder,
    probe: async () => (await operation.probe?.(context)) ?? 'none',
    act: async () => {
      let returned: unknown;
      if (operation.run !== undefined) returned = await operation.run(acting);
      else {
        const results = [];
        for (const command of operation.commands?.(context) ?? []) results.push(await host.exec(command));
        returned = await operation.result?.({ ...context, results });
      }
      const output = (await roundTrip(operation.output?.parse(returned))) as OutputOf<Output>;
      await verify(output);
      return output;
    },
    verify,
    missing: async () => {
      const missing: string[] = [];
      for (const { name, check } of (operation.undoNeeds ?? []) as readonly UndoNeed[]) {
        const answer = await Promise.resolve(check(context)).catch(
          (thrown: unknown) => (thrown as Error).message,
        );
        if (answer !== true)
          missing.push(`${name}: ${typeof answer === 'string' ? answer : `later: ${answer.later}`}`);
      }
      return missing;
    },
    laterWrites: async () =>
      (undo as { laterWrites?: (given: typeof context) => Promise<LaterWrites | undefined> }).laterWrites?.(
        context,
      ),
    undo: async (laterWrites) => {
      if (typeof undo === 'object')
        return (undo as { run(context: object): Promise<void> }).run({ ...acting, laterWrites });
      for (const action of undoActions) await undoOne(host, action);
    },
  };
}

export function preview<Input, Captured, Output extends Schema, R extends Reversal>(
  operation: Operation<Input, Captured, Output, R>,
  given: NoInfer<Input>,
): Promise<Preview> {
  const host = thisMachine();
  const run = { id: 'test', runbook: 'test', startedAt: '2026-01-01T00:00:00Z', folder: join('/nowhere') };
  if (operation.preview === undefined) throw new Error(`${operation.operation} has no preview`);
  return operation.preview({
    params: {},
    outputs: {},
    run,
    input: operation.input.parse(given),
    signal: new AbortController().signal,
    $: undefined as never,
    sh,
    host,
  });
}

async function roundTrip(value: unknown): Promise<unknown> {
  if (value === undefined) return undefined;
  const loss = firstLoss(value, '');
  if (loss !== undefined) throw new Error(`the journal could not store it: ${loss}`);
  return JSON.parse(JSON.stringify(value));
}

async function undoOne(host: Host, action: UndoAction): Promise<void> {
  if (!isRestoreFile(action)) {
    await host.exec(action);
    return;
  }
  const now = await host.files.read(action.restore);
  if (now === (action.content ?? undefined)) return;
  if (action.expect !== undefined && now !== action.expect)
    throw new StepError('undo.edited', `${action.restore} was changed since`);
  if (action.content === null) await host.files.remove(action.restore);
  else
    await host.files.replace(
      action.restore,
      action.content,
      action.mode === undefined ? {} : { mode: action.mode },
    );
}
