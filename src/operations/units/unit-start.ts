import { StepError } from '../../errors.ts';
import { sh, type ActContext, type Command, type Host, type UndoAction } from '../../runbook/index.ts';
import {
  endsByItself,
  isUp,
  presentUnits,
  reloadWarning,
  triggersFirst,
  unitStates,
  type UnitState,
} from './unit-state.ts';
import { startProblem } from './unit-verdict.ts';

/** Units that shall be started, and how they were before. */
export interface StartedUnits {
  readonly units: readonly { readonly unit: string; readonly wasUp: boolean; readonly state: UnitState }[];
}

/** How long a service of the type `simple` must have lasted to count as started, unless the input says otherwise. */
const defaultSteadyMs = 1_000;

export async function lookAtUnits(host: Host, units: readonly string[]): Promise<StartedUnits> {
  const present = await presentUnits(host, units);
  return { units: [...present].map(([unit, state]) => ({ unit, wasUp: isUp(state), state })) };
}

export function startCommands(
  verb: 'start' | 'restart',
  input: { units: readonly string[]; reload?: boolean | undefined },
): readonly Command[] {
  const { triggers, others } = triggersFirst(input.units);
  return [
    ...(input.reload === true ? [sh`systemctl daemon-reload`] : []),
    ...[triggers, others]
      .filter((group) => group.length > 0)
      .map((group) => sh`systemctl ${verb} -- ${group}`),
  ];
}

/**
 * Runs the commands and judges each unit by its properties.
 * @throws StepError `units.not-started`
 */
export async function startAndJudge(
  { exec, log, host }: Pick<ActContext, 'exec' | 'log' | 'host'>,
  commands: readonly Command[],
  input: { units: readonly string[]; reload?: boolean | undefined; steadyMs?: number | undefined },
): Promise<void> {
  if (input.reload !== true) {
    const warning = reloadWarning(await presentUnits(host, input.units));
    if (warning !== undefined) log(warning);
  }
  for (const command of commands) await exec(command, { anyExit: true });
  await mustBeUp(host, input.units);
  const before = await unitStates(host, input.units);
  if (!before.some(({ Type }) => Type === 'simple' || Type === 'exec' || Type === 'idle')) return;
  await host.clock.sleep(input.steadyMs ?? defaultSteadyMs);
  await mustBeUp(host, input.units);
  const after = await unitStates(host, input.units);
  const unsteady = input.units.filter(
    (_, index) =>
      before[index]?.InvocationID !== after[index]?.InvocationID && !endsByItself(after[index] as UnitState),
  );
  if (unsteady.length > 0)
    throw notStarted(
      unsteady.map((unit) => `${unit} ended and was started again`),
      unsteady,
    );
}

/** @throws StepError `units.not-started` naming each unit and what is wrong with it */
export async function mustBeUp(host: Host, units: readonly string[]): Promise<void> {
  const states = await unitStates(host, units);
  const found = units.flatMap((unit, index) => {
    const problem = startProblem(states[index] as UnitState);
    return problem === undefined ? [] : [`${unit} ${problem}`];
  });
  if (found.length > 0) throw notStarted(found, units);
}

/**
 * Keeps systemd from forgetting oneshots: one that nothing refers to is unloaded as soon as it has
 * ended, and takes its exit status with it. A unit of this name that is ordered after them refers to them.
 */
export function holding(
  { units }: StartedUnits,
  run: string,
): { hold: readonly Command[]; release: readonly Command[] } {
  const ending = units.filter(({ state }) => endsByItself(state)).map(({ unit }) => unit);
  if (ending.length === 0) return { hold: [], release: [] };
  const name = `migrate-hold-${`${run}-${ending[0]}`.replaceAll(/[^A-Za-z0-9]+/g, '-')}.service`;
  const stop: Command = { argv: ['systemctl', 'stop', '--', name], ok: [0, 5] };
  const after = `--property=After=${ending.join(' ')}`;
  // An interrupted attempt may have left it.
  return {
    hold: [stop, sh`systemd-run --quiet --unit=${name} --remain-after-exit ${after} true`],
    release: [stop],
  };
}

/** Stops those that did not run before; safe when they were never started. */
export function stopAgain({ units }: StartedUnits): readonly UndoAction[] {
  const { triggers, others } = triggersFirst(units.filter(({ wasUp }) => !wasUp).map(({ unit }) => unit));
  return [triggers, others]
    .filter((group) => group.length > 0)
    .map((group) => sh`systemctl stop -- ${group}`);
}

function notStarted(problems: readonly string[], units: readonly string[]): StepError {
  return new StepError(
    'units.not-started',
    problems.join('; '),
    `See: systemctl status ${units.join(' ')} and journalctl --unit ${units[0]}`,
  );
}
