import type { RunState } from '../journal/state.ts';
import { stepState } from '../journal/state.ts';
import { formatCommand, type RehearsalPlan } from '../runbook/index.ts';
import type { Reboot } from './protocol.ts';
import type { World } from './world.ts';

/** What happens around the program, as a plan has it. */
export type Surroundings = Pick<RehearsalPlan, 'byHand' | 'restarts'>;

/** How the machine goes down for what the run waits for. */
export function restartOf(state: RunState, { restarts = {} }: Surroundings = {}): Reboot {
  if (state.status !== 'running') return 'shutdown';
  const gate = state.nodes.find(
    ({ id, kind }) => kind === 'reboot' && stepState(state, id).status === 'waiting',
  );
  return (gate === undefined ? undefined : restarts[gate.id]) ?? 'shutdown';
}

/** Does what a gate asks of a person. Gives what failed. */
export async function doneByHand(
  world: World,
  gate: string,
  { byHand = {} }: Surroundings = {},
): Promise<string | undefined> {
  for (const argv of byHand[gate] ?? []) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as a person does
    const { exitCode, stderr, rebooted } = await world.run(argv);
    if (exitCode !== 0 && !rebooted)
      return `at "${gate}", ${formatCommand({ argv })} exited with ${exitCode}: ${stderr.trim()}`;
  }
  return undefined;
}
