import { messageOf } from '../../errors.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import { readRun } from '../rehearse.ts';
import { crashText, type CrashCase } from './case.ts';
import type { CaseResult } from './coverage.ts';
import type { Stretch } from './enumerate.ts';
import { failed, result } from './forward.ts';
import { Journey, type Setup } from './journey.ts';
import { builtSince, keptAside, leftBehind, unlikeness } from './likeness.ts';
import { noReference, type Boundary } from './reference.ts';

/** A case of a step that is taken back alone. */
type Undo = Extract<CrashCase, { kind: 'undo' }>;

/**
 * Runs the runbook once more, and takes each step back alone as soon as it is done, uninterrupted.
 *
 * @returns what is passed on each way back
 */
export async function exploreUndos(
  setup: Setup,
  boundaries: Promise<readonly Boundary[]>,
  tell: (result: CaseResult) => void,
): Promise<readonly Stretch[]> {
  const stretches: Stretch[] = [];
  // Told by the reference itself.
  boundaries.catch(() => undefined);
  let journey = await Journey.begin(setup);
  try {
    for (const [index, step] of setup.ids.entries()) {
      const one: Undo = { kind: 'undo', step, crashes: [] };
      const outcome = await tryUndo(journey, setup, one, index, { passes: true, boundaries });
      if (outcome === undefined) continue;
      tell(outcome);
      stretches.push({ step, passes: journey.passes() });
      if (outcome.verdict === 'survived') continue;
      await journey.world.destroy();
      journey = await Journey.begin(setup);
    }
    return stretches;
  } finally {
    await journey.world.destroy();
  }
}

/** Tries cases in one world, which each of them leaves as it was before its step. */
export async function tryUndos(
  setup: Setup,
  boundaries: readonly Boundary[],
  cases: readonly Undo[],
  tell: (result: CaseResult) => void,
): Promise<void> {
  let journey: Journey | undefined;
  try {
    for (const one of cases) {
      const index = setup.ids.indexOf(one.step);
      let outcome: CaseResult;
      try {
        journey ??= await Journey.begin(setup);
        outcome = (await tryUndo(journey, setup, one, index, {
          boundaries: Promise.resolve(boundaries),
        })) ?? {
          ...result(one, 'unreached'),
          why: 'there is nothing to take back',
        };
      } catch (thrown) {
        outcome = failed(one, messageOf(thrown), journey?.said ?? '');
      }
      tell(outcome);
      if (outcome.verdict !== 'failed') continue;
      await journey?.world.destroy();
      journey = undefined;
    }
  } finally {
    await journey?.world.destroy();
  }
}

/** Does a step, takes it back, and does it again; `undefined` when there is nothing to take back. */
async function tryUndo(
  journey: Journey,
  setup: Setup,
  one: Undo,
  index: number,
  given: { passes?: boolean; boundaries: Promise<readonly Boundary[]> },
): Promise<CaseResult | undefined> {
  const go = async (to: number) => {
    if (journey.at >= to) return;
    const report = await journey.to(to);
    if (report.outcome !== 'done')
      throw noReference(setup, `to "${setup.ids[to]}": ${report.why}`, journey.said);
  };
  if (index > 0) await go(index - 1);
  // Where it is done already, it was taken back before, and left this same world.
  const before = journey.at === index ? journey.before : await journey.see();
  journey.before = before;
  await go(index);
  const state = await readRun(journey.world);
  const to = state === undefined ? undefined : stepBefore(state, one.step);
  if (to === undefined) return undefined;
  const crash = crashText(one);
  const report = await journey.back(to, {
    ...(crash === undefined ? {} : { crash }),
    ...(given.passes === true ? { passes: true } : {}),
  });
  if (report.outcome !== 'done') return failed(one, report.why, journey.said);
  const { snapshot } = await journey.see();
  const left = leftBehind(before?.snapshot ?? journey.start, snapshot, [
    ...(setup.plan.leaves?.[one.step] ?? []),
    ...keptAside(snapshot, state?.run ?? ''),
  ]);
  if (left.length > 0) {
    return { ...result(one, 'failed'), why: 'taking it back leaves another world', differences: left };
  }
  journey.at = index - 1;
  await go(index);
  const boundary = (await given.boundaries)[index];
  const differences =
    boundary === undefined ? [] : unlikeness(boundary.seen, await journey.see(), boundary.noise);
  if (differences.length > 0) {
    return { ...result(one, 'failed'), why: 'done again, its world is another', differences };
  }
  return result(one, report.crashes < one.crashes.length ? 'unreached' : 'survived');
}

/** The step to go back to, so that this one alone is taken back; `undefined` when there is none, or no undo. */
function stepBefore(state: RunState, step: string): string | undefined {
  const index = state.nodes.findIndex(({ id }) => id === step);
  const undo = stepState(state, step).intent?.undo;
  if (stepState(state, step).status !== 'done' || undo === undefined) return undefined;
  if (undo.kind === 'nothing' || undo.kind === 'irreversible') return undefined;
  if (undo.kind === 'data' && undo.actions.length === 0) return undefined;
  return state.nodes
    .slice(0, index)
    .findLast(
      ({ id }) => stepState(state, id).startedSeq !== undefined && stepState(state, id).status === 'done',
    )?.id;
}

/** Runs until a step is done, and takes everything back, in a world of its own. */
export async function tryRollback(
  setup: Setup,
  one: Extract<CrashCase, { kind: 'rollback' }>,
  random: () => number,
): Promise<CaseResult> {
  try {
    return await Journey.within(setup, (journey) => rollBackIn(journey, setup, one, random));
  } catch (thrown) {
    return failed(one, messageOf(thrown), '');
  }
}

async function rollBackIn(
  journey: Journey,
  setup: Setup,
  one: Extract<CrashCase, { kind: 'rollback' }>,
  random: () => number,
): Promise<CaseResult> {
  const forward = await journey.to(setup.ids.indexOf(one.step));
  if (forward.outcome !== 'done') return failed(one, forward.why, journey.said);
  const state = await readRun(journey.world);
  const crash = one.killed && state !== undefined ? everywhereOnTheWayBack(state, random) : undefined;
  const report = await journey.back(undefined, crash === undefined ? {} : { crash });
  if (report.outcome !== 'done') return failed(one, report.why, journey.said);
  if (forward.reboots > 0) await journey.bootAsAtFirst();
  const { snapshot } = await journey.see();
  const left = leftBehind(journey.start, snapshot, [
    ...keptAside(snapshot, state?.run ?? ''),
    ...builtSince(journey.start, snapshot),
  ]);
  if (left.length > 0) {
    return { ...result(one, 'failed'), why: 'the rollback leaves another world', differences: left };
  }
  return result(one, one.killed && report.crashes === 0 ? 'unreached' : 'survived');
}

/** Once in each undo, in its middle or before its record, and around a reboot. */
export function everywhereOnTheWayBack(state: RunState, random: () => number): string | undefined {
  const undos = state.nodes
    .filter(({ id }) => stepState(state, id).startedSeq !== undefined)
    .map(({ id }) => `${random() < 0.5 ? 'mid-undo' : 'before-undo-record'}:${id}`);
  if (undos.length === 0) return undefined;
  return [...undos, 'before-gate', 'at-gate', 'before-opening', 'after-opening'].join(',');
}
