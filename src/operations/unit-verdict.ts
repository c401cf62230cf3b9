import type { UnitState } from './unit-state.ts';
import { endsByItself } from './unit-state.ts';

/**
 * What is wrong with a unit that was started, by its properties alone: `systemctl` exits with 0 for a
 * oneshot whose condition did not hold, for a command marked `-` that failed, and for a simple service
 * that dies a moment later. `undefined` when nothing is.
 */
export function startProblem(state: UnitState): string | undefined {
  if (state.LoadState !== 'loaded') return `is ${state.LoadState}`;
  if (state.ActiveState === 'failed' || !['success', ''].includes(state.Result)) {
    return `failed: Result=${state.Result}${state.ExecMainStatus === '' ? '' : `, ExecMainStatus=${state.ExecMainStatus}`}`;
  }
  if (endsByItself(state)) {
    if (state.ActiveState !== 'inactive') return `has not ended: ${state.ActiveState} (${state.SubState})`;
    if (state.ConditionResult === 'no') return 'did not run: one of its conditions does not hold';
  } else if (state.ActiveState !== 'active') {
    return `is ${state.ActiveState} (${state.SubState})`;
  }
  return exitProblem(state);
}

/** systemd forgets a oneshot that nothing else refers to as soon as it has ended well. */
export function isForgotten(state: UnitState): boolean {
  return endsByItself(state) && state.ActiveState === 'inactive' && state.InvocationID === '';
}

function exitProblem({
  Type,
  ExecMainCode,
  ExecMainStatus,
  SuccessExitStatus,
}: UnitState): string | undefined {
  // Of a service that runs on, the last exit is an earlier one's; 1 is CLD_EXITED, and Result judges signals.
  if (Type !== 'oneshot' || ExecMainCode !== '1' || ExecMainStatus === '0') return undefined;
  if (SuccessExitStatus.split(/\s+/).includes(ExecMainStatus)) return undefined;
  return `its command exited with ${ExecMainStatus}, and the unit ignores that`;
}

interface JournalLine {
  readonly MESSAGE_ID?: string;
  readonly EXIT_CODE?: string;
  readonly EXIT_STATUS?: string;
  /** Microseconds since 1970. */
  readonly __REALTIME_TIMESTAMP: string;
}

// SD_MESSAGE_UNIT_STARTED: for a oneshot, written when its work has ended; systemd's catalog.
const unitStarted = '39f53479d3a045ac8e11786248231fbf';
const unitProcessExit = '98e322203f7a4ed290d09fe03c09fe15';

/**
 * The verdict on a forgotten oneshot, from what the journal holds since it was started.
 * @param text lines of `journalctl --output=json` on that unit
 * @param since wall clock, milliseconds
 */
export function journaledProblem(text: string, since: number): string | undefined {
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as JournalLine)
    .filter(({ __REALTIME_TIMESTAMP }) => Number(__REALTIME_TIMESTAMP) >= since * 1_000);
  const bad = lines.find(
    ({ MESSAGE_ID, EXIT_STATUS }) => MESSAGE_ID === unitProcessExit && EXIT_STATUS !== '0',
  );
  if (bad !== undefined)
    return `its command ended with ${bad.EXIT_STATUS} (${bad.EXIT_CODE}), and the unit ignores that`;
  if (lines.some(({ MESSAGE_ID }) => MESSAGE_ID === unitStarted)) return undefined;
  return 'did not run, or nothing tells how it ended: the journal holds no end of it since';
}
