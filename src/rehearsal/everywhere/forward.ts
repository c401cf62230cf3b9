import { exitCodes, messageOf } from '../../errors.ts';
import type { JournalEvent } from '../../journal/event.ts';
import { stepState } from '../../journal/state.ts';
import { callMigrate, readRunEvents, type RehearsalReport } from '../rehearse.ts';
import { crashText, type CrashCase } from './case.ts';
import type { CaseResult, Settling } from './coverage.ts';
import { Journey, type Setup } from './journey.ts';
import { unlikeness } from './likeness.ts';
import type { Boundary } from './reference.ts';

/** A case of a killed way forward. */
type Forward = Extract<CrashCase, { kind: 'forward' }>;

/**
 * Tries cases in one world: on each way from one checkpoint to the next at most one. When a case has
 * left the world as the uninterrupted run does, the next one begins there; else in a new world. At last
 * it runs to the end of the runbook.
 *
 * @param cases in page order, no two of one step
 */
export async function tryForward(
  setup: Setup,
  boundaries: readonly Boundary[],
  cases: readonly Forward[],
  tell: (result: CaseResult) => void,
): Promise<void> {
  let journey: Journey | undefined;
  let told: CaseResult | undefined;
  try {
    for (const one of cases) {
      const index = setup.ids.indexOf(one.step);
      let result: CaseResult;
      try {
        journey ??= await Journey.begin(setup);
        result = await tryOne(journey, boundaries, one, index);
      } catch (thrown) {
        result = failed(one, messageOf(thrown), journey?.said ?? '');
      }
      if (told !== undefined) tell(told);
      told = result;
      if (result.verdict === 'failed' || result.verdict === 'held') {
        await journey?.world.destroy();
        journey = undefined;
      }
    }
    // The last one answers for the end, since all that came before it left the world as it should be.
    if (told !== undefined) tell(await toTheEnd(setup, boundaries, journey, told));
  } finally {
    await journey?.world.destroy();
  }
}

async function tryOne(
  journey: Journey,
  boundaries: readonly Boundary[],
  one: Forward,
  index: number,
): Promise<CaseResult> {
  if (journey.at < index - 1) {
    const before = await journey.to(index - 1);
    if (before.outcome !== 'done') return failed(one, `the step before it: ${before.why}`, journey.said);
  }
  const known = (await readRunEvents(journey.world)).length;
  const crash = crashText(one);
  let report = await journey.to(index, crash === undefined ? {} : { crash });
  const { crashes } = report;
  if (report.outcome === 'stopped' && isInDoubt(report, one.step)) {
    const word = whatAPersonSees(one);
    if (word === undefined) return { ...result(one, 'held'), settled: 'person', why: report.why };
    report = await settle(journey, one.step, word, index, boundaries);
  }
  if (report.outcome !== 'done') return failed(one, report.why, journey.said);
  const events = await readRunEvents(journey.world);
  const checkpoints = checkpointsOf(events, one.step);
  if (checkpoints > 1) return failed(one, `its checkpoint was written ${checkpoints} times`, '');
  const boundary = boundaries[index];
  const differences =
    boundary === undefined ? [] : unlikeness(boundary.seen, await journey.see(), boundary.noise);
  const settled = settlingOf(events.slice(known), one.step);
  if (differences.length > 0) {
    return { ...result(one, 'failed'), settled, why: 'its world is another', differences };
  }
  return { ...result(one, crashes === 0 ? 'unreached' : 'survived'), settled };
}

async function toTheEnd(
  setup: Setup,
  boundaries: readonly Boundary[],
  journey: Journey | undefined,
  last: CaseResult,
): Promise<CaseResult> {
  const end = setup.ids.length - 1;
  if (journey === undefined || journey.at === end) return last;
  try {
    const report = await journey.to(end);
    if (report.outcome !== 'done') return failed(last.case, `later on: ${report.why}`, journey.said);
    const boundary = boundaries[end];
    if (boundary === undefined) return last;
    const differences = unlikeness(boundary.seen, await journey.see(), boundary.noise);
    if (differences.length === 0) return last;
    return { ...last, verdict: 'failed', why: 'at the end its world is another', differences };
  } catch (thrown) {
    return failed(last.case, `later on: ${messageOf(thrown)}`, journey.said);
  }
}

function isInDoubt(report: RehearsalReport, step: string): boolean {
  if (report.state === undefined) return false;
  return ['started', 'interrupted'].includes(stepState(report.state, step).status);
}

/** Where it was killed tells whether the act was done; in its middle nobody in a rehearsal can tell. */
function whatAPersonSees({ crashes }: Forward): 'done' | 'not-started' | undefined {
  if (crashes.length !== 1) return undefined;
  if (crashes[0]?.point === 'before-checkpoint') return 'done';
  return crashes[0]?.point === 'after-intent' ? 'not-started' : undefined;
}

async function settle(
  journey: Journey,
  step: string,
  word: 'done' | 'not-started',
  index: number,
  boundaries: readonly Boundary[],
): Promise<RehearsalReport> {
  const { world } = journey;
  const [{ run }] = (await readRunEvents(world)) as [Extract<JournalEvent, { type: 'run.started' }>];
  const output = boundaries[index]?.output;
  const given: string[] = [];
  if (word === 'done' && output !== undefined) {
    await world.run(['sh', '-c', 'cat >/.world/output.json'], { input: JSON.stringify(output) });
    given.push('--output', '/.world/output.json');
  }
  const why = 'the rehearsal killed it there';
  const said = await callMigrate(world, ['settle', run, step, `--${word}`, '--why', why, ...given]);
  const report = await journey.to(index);
  return said.exitCode === exitCodes.done
    ? report
    : { ...report, outcome: 'failed', why: `a person could not settle it: ${said.stderr.trim()}` };
}

/** How often a step was completed since it was last undone. */
function checkpointsOf(events: readonly JournalEvent[], step: string): number {
  let count = 0;
  for (const event of events) {
    if (!('step' in event) || event.step !== step) continue;
    if (event.type === 'undo.completed') count = 0;
    else if (event.type === 'step.completed' || event.type === 'gate.opened') count += 1;
  }
  return count;
}

function settlingOf(events: readonly JournalEvent[], step: string): Settling {
  const settled = events.filter((event) => 'step' in event && event.step === step);
  const by = (who: 'person' | 'probe' | 'idempotent') =>
    settled.some(
      (event) => (event.type === 'step.settled' || event.type === 'step.completed') && event.by === who,
    );
  return by('person') ? 'person' : by('probe') ? 'probe' : by('idempotent') ? 'idempotent' : 'none';
}

export function result(one: CrashCase, verdict: CaseResult['verdict']): CaseResult {
  return { case: one, verdict, settled: 'none', why: undefined, differences: [] };
}

export function failed(one: CrashCase, why: string, said: string): CaseResult {
  const words = said.trimEnd();
  return { ...result(one, 'failed'), why: words === '' ? why : `${why}\n${words}` };
}
