import { StepError } from '../errors.ts';
import { sh, type ActContext, type Command, type Host, type UndoAction } from '../runbook/index.ts';
import {
  endsByItself,
  isUp,
  presentUnits,
  reloadWarning,
  triggersFirst,
  unitStates,
  type UnitState,
} from './unit-state.ts';
import { isForgotten, journaledProblem, startProblem } from './unit-verdict.ts';

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
  const since = host.clock.now().wall;
  for (const command of commands) await exec(command, { anyExit: true });
  await mustBeUp(host, input.units, since);
  const before = await unitStates(host, input.units);
  if (!before.some(({ Type }) => Type === 'simple' || Type === 'exec' || Type === 'idle')) return;
  await host.clock.sleep(input.steadyMs ?? defaultSteadyMs);
  await mustBeUp(host, input.units, since);
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

/** @param since wall clock in milliseconds; what the journal holds from then on counts as evidence */
export async function mustBeUp(host: Host, units: readonly string[], since: number): Promise<void> {
  const states = await unitStates(host, units);
  const problems = await Promise.all(
    units.map(async (unit, index) => {
      const state = states[index] as UnitState;
      const problem = isForgotten(state) ? await askJournal(host, unit, since) : startProblem(state);
      return problem === undefined ? undefined : `${unit} ${problem}`;
    }),
  );
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw notStarted(found, units);
}

/** Stops those that did not run before; safe when they were never started. */
export function stopAgain({ units }: StartedUnits): readonly UndoAction[] {
  const { triggers, others } = triggersFirst(units.filter(({ wasUp }) => !wasUp).map(({ unit }) => unit));
  return [triggers, others]
    .filter((group) => group.length > 0)
    .map((group) => sh`systemctl stop -- ${group}`);
}

async function askJournal(host: Host, unit: string, since: number): Promise<string | undefined> {
  // What systemd has just said may not have reached the journal yet.
  await host.exec({ argv: ['journalctl', '--sync'] }, { anyExit: true });
  const from = `--since=@${Math.floor(since / 1_000)}`;
  const argv = ['journalctl', '--quiet', '--no-pager', '--output=json', from, `--unit=${unit}`] as const;
  return journaledProblem((await host.exec({ argv }, { anyExit: true })).stdout, since);
}

function notStarted(problems: readonly string[], units: readonly string[]): StepError {
  return new StepError(
    'units.not-started',
    problems.join('; '),
    `See: systemctl status ${units.join(' ')} and journalctl --unit ${units[0]}`,
  );
}
