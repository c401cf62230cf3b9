import { readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exitCodes } from '../errors.ts';
import { fold } from '../journal/fold.ts';
import { readEvents } from '../journal/read.ts';
import type { JournalEvent } from '../journal/event.ts';
import type { RunState } from '../journal/state.ts';
import type { Json } from '../runbook/index.ts';
import { inWorld, layoutOf } from './layout.ts';
import { nextMove, type Driven, type Move } from './next-move.ts';
import { doneByHand, restartOf, type Surroundings } from './surroundings.ts';
import type { RunResult } from './protocol.ts';
import type { OnOutput, World } from './world.ts';
import { WorldError } from './world-error.ts';

export interface RehearsalOptions {
  /** The id of a runbook, or the path of a file that the world can see. */
  readonly runbook: string;
  readonly params?: Readonly<Record<string, Json>>;
  /** Typed answers to gates, by step. */
  readonly answers?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** What a person would do, and how the machine goes down. */
  readonly surroundings?: Surroundings;
  /** Where the program is killed, once; see crash.ts. */
  readonly crash?: string;
  /** Write down every place that the program comes by; see crash.ts. */
  readonly passes?: boolean;
  /** Stop well when this step is done. */
  readonly until?: string;
  /** Let the program use this process's terminal. */
  readonly terminal?: boolean;
  /** Further arguments of each `migrate` that works on the run, such as `--json`. */
  readonly flags?: readonly string[];
  readonly onOutput?: OnOutput;
  /** Nobody can type what the run tells for going on or back, so it is not told. */
  readonly thrownAway?: boolean;
  /** Told of everything that the operator of the rehearsal does. */
  readonly onMove?: (move: RehearsalMove) => void;
}

export type RehearsalMove =
  | { readonly kind: 'migrate'; readonly argv: readonly string[] }
  | { readonly kind: 'killed'; readonly by: string }
  | Exclude<Move, { kind: 'resume' }>;

export interface RehearsalReport {
  /** `stopped`: it waits for something that no rehearsal can do. */
  readonly outcome: 'done' | 'failed' | 'stopped';
  /** Of the last `migrate`. */
  readonly exitCode: number | null;
  readonly why: string;
  /** The last state of the run; undefined when it never began. */
  readonly state: RunState | undefined;
  /** How often the program was called. */
  readonly calls: number;
  readonly crashes: number;
  readonly reboots: number;
}

/** More than any runbook needs; a loop would otherwise never end, since no time passes. */
const longestRehearsal = 500;
const laterWritesFlag = '--later-writes';

/**
 * Runs a runbook in a world to its end, as an operator would who answers every gate: resumes after each
 * crash and reboot, and lets the soak's time pass.
 *
 * @throws WorldError when the world itself breaks, such as `world.no-boot`
 */
export async function rehearse(world: World, options: RehearsalOptions): Promise<RehearsalReport> {
  const params = join(layoutOf(world.folder).shared, 'params.json');
  writeFileSync(params, JSON.stringify(options.params ?? {}));
  const start = ['run', options.runbook, '--params', `${inWorld.shared}/params.json`, '--yes', '--wait'];
  const until = options.until === undefined ? [] : ['--until', options.until];
  return drive(world, options, [...start, ...until], until);
}

/** Goes on with the world's run as `rehearse` does, which began it. */
export async function goOnRehearsing(
  world: World,
  options: Omit<RehearsalOptions, 'runbook' | 'params'>,
): Promise<RehearsalReport> {
  const { run } = await mustHaveRun(world);
  const until = options.until === undefined ? [] : ['--until', options.until];
  return drive(world, options, ['resume', run, '--yes', '--wait', ...until], until);
}

/** Takes the world's run back to where it began, or to a step, with the reboots that this needs. */
export async function rehearseRollback(
  world: World,
  options: Omit<RehearsalOptions, 'runbook' | 'params' | 'until'> & { readonly to?: string },
): Promise<RehearsalReport> {
  const { run } = await mustHaveRun(world);
  const to = options.to === undefined ? [] : ['--to', options.to];
  return drive(world, options, ['rollback', run, '--yes', ...to], []);
}

async function drive(
  world: World,
  options: Omit<RehearsalOptions, 'runbook' | 'params' | 'until'>,
  first: readonly string[],
  onResume: readonly string[],
): Promise<RehearsalReport> {
  const count = { calls: 0, crashes: 0, reboots: 0 };
  const back = first[0] === 'rollback';
  let driven: Driven = { back };
  forgetCrashes(world);
  const migrate = (argv: readonly string[]) => {
    count.calls += 1;
    driven = { ...driven, decided: argv.includes(laterWritesFlag) };
    options.onMove?.({ kind: 'migrate', argv });
    return callMigrate(world, argv, options);
  };
  const again = async (accept: readonly string[] = []) => {
    const { run } = await mustHaveRun(world);
    const accepted = accept.flatMap((step) => ['--accept-irreversible', step]);
    return migrate(['resume', run, '--yes', '--wait', ...onResume, ...accepted]);
  };

  let result = await migrate(first);
  while (count.calls < longestRehearsal) {
    const state = await readRun(world);
    const end = (outcome: RehearsalReport['outcome'], why: string): RehearsalReport => ({
      outcome,
      why,
      exitCode: result.exitCode,
      state,
      ...count,
    });
    if (result.rebooted) {
      count.reboots += 1;
      result = await again();
    } else if (result.signal !== null) {
      count.crashes += 1;
      options.onMove?.({ kind: 'killed', by: result.signal });
      if (state?.status === 'completed' || state?.status === 'rolled-back') {
        return end('done', 'it had come to its end when it was killed');
      }
      if (state?.status === 'ended') return end('failed', 'it had ended with FAIL when it was killed');
      // Killed before its first event, nothing has begun; a rollback that has not would go forward.
      const isBegun = back ? state?.status === 'rolling-back' : state !== undefined;
      result = await (isBegun ? again() : migrate(first));
    } else if (result.exitCode === exitCodes.done) {
      return end('done', 'it came to its end');
    } else if (result.exitCode !== exitCodes.waiting || state === undefined) {
      return end('failed', `migrate exited with ${result.exitCode}`);
    } else {
      const move = nextMove(state, driven);
      if (move.kind !== 'resume') options.onMove?.(move);
      if (move.kind === 'stop') return end('stopped', move.why);
      if (move.kind === 'reboot') {
        count.reboots += 1;
        driven = { ...driven, rebootedFrom: state.rollback?.rebootFrom };
        // By it a machine with several disks knows which of them is chosen.
        writeFileSync(join(layoutOf(world.folder).shared, 'boot-gate'), `${move.gate}\n`);
        await world.reboot(restartOf(state, options.surroundings));
      }
      if (move.kind === 'confirm') {
        const failed = await doneByHand(world, move.gate, options.surroundings);
        if (failed !== undefined) return end('failed', failed);
        const answers = Object.entries(options.answers?.[move.gate] ?? {});
        const set = answers.flatMap(([key, value]) => ['--set', `${key}=${asText(value)}`]);
        const confirmed = await migrate(['confirm', state.run, move.gate, ...set]);
        if (confirmed.signal !== null && !confirmed.rebooted) count.crashes += 1;
        if (confirmed.exitCode !== exitCodes.done && confirmed.signal === null) {
          return end('failed', `"${move.gate}" could not be confirmed`);
        }
      }
      result = await (move.kind === 'carry-back'
        ? migrate([...(back ? first : ['rollback', state.run, '--yes']), laterWritesFlag, 'carry-back'])
        : again(move.kind === 'resume' ? move.accept : []));
    }
  }
  throw new WorldError('world.endless', `the rehearsal did not come to an end in ${longestRehearsal} calls`);
}

/** What was once killed for an earlier rehearsal can be killed again. */
function forgetCrashes(world: World): void {
  const { shared } = layoutOf(world.folder);
  const crashed = readdirSync(shared).filter((name) => name.startsWith(basename(inWorld.crashed)));
  for (const name of crashed) rmSync(join(shared, name));
}

/** Calls the command line in the world. */
export function callMigrate(
  world: World,
  argv: readonly string[],
  options: Pick<RehearsalOptions, 'crash' | 'passes' | 'flags' | 'onOutput' | 'terminal' | 'thrownAway'> = {},
): Promise<RunResult> {
  const env = {
    NODE_COMPILE_CACHE: inWorld.compiled,
    ...(options.crash === undefined ? {} : { MIGRATE_WORLD_CRASH: options.crash }),
    ...(options.passes === true ? { MIGRATE_WORLD_PASSES: 'yes' } : {}),
    ...(options.thrownAway === true ? { MIGRATE_WORLD_THROWN_AWAY: 'yes' } : {}),
  };
  return world.run([realpathSync(process.execPath), world.migrate, ...argv, ...(options.flags ?? [])], {
    env,
    ...(options.terminal === undefined ? {} : { terminal: options.terminal }),
    ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
  });
}

/** The state of the world's only run, from its journal; undefined before its first event. */
export async function readRun(world: World): Promise<RunState | undefined> {
  const events = await readRunEvents(world);
  return events.length === 0 ? undefined : fold(events);
}

/** The journal of the world's only run; empty before its first event. */
export async function readRunEvents(world: World): Promise<readonly JournalEvent[]> {
  return readEvents(Buffer.from(await world.journal()), 'the journal of the rehearsal').events;
}

async function mustHaveRun(world: World): Promise<RunState> {
  const state = await readRun(world);
  if (state !== undefined) return state;
  throw new WorldError('world.no-run', 'there is no run in this world', 'Rehearse a runbook first.');
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
