import { resumesAtBoot } from '../../host/systemd.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import type { Runbook } from '../../runbook/index.ts';

/** Whether a timer looks at the soaks of a state folder, where there is one that waits. */
export async function timerLooksAt(state: RunState, stateFolder: string): Promise<boolean> {
  const soaks = state.nodes.some(
    ({ kind, id }) => kind === 'soak' && stepState(state, id).status === 'waiting',
  );
  return soaks && timerLooks(stateFolder);
}

/** The same for a runbook that may come to a soak. */
export async function timerWillLook(runbook: Runbook | undefined, stateFolder: string): Promise<boolean> {
  return runbook?.nodes.some(({ kind }) => kind === 'soak') === true && timerLooks(stateFolder);
}

/** Where systemd does not answer, no timer of it looks. */
async function timerLooks(stateFolder: string): Promise<boolean> {
  return resumesAtBoot(stateFolder).catch(() => false);
}
