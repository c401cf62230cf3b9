import type { Finding } from 'migrate-runbook';
import type { UnitState } from './ask.ts';
import type { Updated } from './auto-update.ts';
import type { Planted } from './drop-in.ts';
import type { Rebuilt } from './no-op-rebuild.ts';
import type { Restarted } from './restart.ts';
import type { Started } from './started-unit.ts';
import { unitFileText } from './unit-file.ts';

const tell = (state: UnitState): string =>
  (['ActiveState', 'SubState', 'Result', 'ExecMainStatus'] as const)
    .map((name) => `${name}=${state[name]}`)
    .join(' ');

/** T01. @param tested undefined where a rebuild would have changed the system */
export function sameContainers(tested: Rebuilt | undefined, why: string): Finding {
  if (tested === undefined) return notNoOp(why);
  const { before, after, exitCode } = tested;
  const restarted = Object.entries(before.startedAt)
    .filter(([name, at]) => after.startedAt[name] !== at)
    .map(([name, at]) => `${name} began at ${at}, and again at ${after.startedAt[name] ?? 'no time'}`);
  const evidence = { before: before.startedAt, after: after.startedAt, exitCode };
  if (restarted.length > 0) return { verdict: 'FAIL', observed: restarted.join('; '), evidence };
  if (exitCode !== 0)
    return {
      verdict: 'PARTIAL',
      observed: `no container began anew, but nixos-rebuild exited with ${exitCode}`,
      evidence,
    };
  const times = Object.entries(before.startedAt).map(([name, at]) => `${name} ${at}`);
  return { verdict: 'PASS', observed: `StartedAt is unchanged: ${times.join(', ')}`, evidence };
}

function notNoOp(why: string): Finding {
  return {
    verdict: 'BLOCKED',
    observed: `a rebuild would change the system: ${why}`,
    unblock: 'Switch to the configuration first, then begin another run.',
  };
}

/** T02. */
export function restartedWell(tested: readonly Restarted[]): Finding {
  const isWell = ({ exitCode, state }: Restarted) =>
    exitCode === 0 &&
    state.ActiveState === 'active' &&
    state.SubState === 'exited' &&
    state.Result === 'success' &&
    state.ExecMainStatus === '0';
  const line = ({ unit, exitCode, state }: Restarted) =>
    `${unit}: restart returned ${exitCode}, ${tell(state)}`;
  const bad = tested.filter((one) => !isWell(one));
  return {
    verdict: bad.length === 0 ? 'PASS' : 'FAIL',
    observed: (bad.length === 0 ? tested : bad).map(line).join('; '),
  };
}

/** T03. */
export function failureShows({ exitCode, state, health }: Restarted): Finding {
  const observed = `restart returned ${exitCode}, ${tell(state)}; the health check itself exits with ${health ?? 'nothing'}`;
  if (exitCode !== 0 && state.ActiveState === 'failed') return { verdict: 'PASS', observed };
  const shows =
    exitCode !== 0 ||
    state.ActiveState !== 'active' ||
    state.Result !== 'success' ||
    state.ExecMainStatus !== '0';
  if (shows)
    return {
      verdict: 'PARTIAL',
      observed: `it shows, but not in both the exit code and the unit: ${observed}`,
    };
  if (health !== 0 && health !== null) return { verdict: 'FAIL', observed: `nothing shows it: ${observed}` };
  return {
    verdict: 'BLOCKED',
    observed: `the health check does not fail by it: ${observed}`,
    unblock: 'Name the file that the health check of the first stack reads: --set healthFile=…',
  };
}

/** T05, after a rebuild. @param target of the link that was there */
export function rebuildHeals(tested: Rebuilt | undefined, target: string | undefined, why: string): Finding {
  if (target === undefined)
    return { verdict: 'BLOCKED', observed: why, unblock: 'Activate Home Manager first.' };
  if (tested === undefined) return notNoOp(why);
  const { unitFile } = tested.after;
  const observed = `before the rebuild it was ${unitFileText(tested.before.unitFile)}, after it ${unitFileText(unitFile)}`;
  if (tested.before.unitFile.kind === 'link')
    return {
      verdict: 'BLOCKED',
      observed: 'the drift was gone before the rebuild',
      unblock: 'Begin another run.',
    };
  return { verdict: unitFile.kind === 'link' && unitFile.target === target ? 'PASS' : 'FAIL', observed };
}

/** T06. @param stale undefined where none can be planted, for which `why` says the reason */
export function dropInIsFound(stale: Planted | undefined, audit: Started | undefined, why: string): Finding {
  if (stale === undefined) {
    return {
      verdict: 'BLOCKED',
      observed: `no drop-in can be put into /etc/systemd/user: ${why}`,
      unblock:
        'Run it where /etc/systemd/user can be written, such as on a test machine without the store in its place.',
    };
  }
  if (audit === undefined) return noAudit;
  const { path, isLoaded } = stale;
  if (audit.said.some((line) => line.includes(path)))
    return { verdict: 'PASS', observed: `the audit names ${path}`, evidence: { said: [...audit.said] } };
  if (audit.exitCode !== 0)
    return {
      verdict: 'PASS',
      observed: `the audit fails, with ${audit.exitCode}`,
      evidence: { said: [...audit.said] },
    };
  return isLoaded
    ? { verdict: 'PARTIAL', observed: `DropInPaths shows ${path}, and the audit says nothing of it` }
    : { verdict: 'FAIL', observed: `neither DropInPaths nor the audit shows ${path}` };
}

/** T07. */
export function reloadedByAudit(dropIn: Planted, audit: Started | undefined): Finding {
  if (audit === undefined) return noAudit;
  const after = audit.stack.NeedDaemonReload;
  if (dropIn.needsReload !== 'yes') {
    return {
      verdict: 'BLOCKED',
      observed: `a drop-in left NeedDaemonReload=${dropIn.needsReload}, so nothing is there to be cleared`,
      unblock: 'See what reloads the user manager meanwhile, and begin another run.',
    };
  }
  const observed = `NeedDaemonReload was yes after a drop-in, and is ${after} after the audit, whose start returned ${audit.exitCode}`;
  if (after !== 'no') return { verdict: 'FAIL', observed, evidence: { said: [...audit.said] } };
  return { verdict: 'PASS', observed };
}

const noAudit: Finding = {
  verdict: 'BLOCKED',
  observed: 'there is no audit to be run',
  unblock: 'Switch to a configuration that has it, or name its unit: --set audit=…',
};

/** Auto-update. @param standing why it was not run, where it was not */
export function errorPropagates(
  tested: Updated | undefined,
  { why, unblock }: { readonly why: string; readonly unblock: string },
): Finding {
  if (tested === undefined) return { verdict: 'BLOCKED', observed: why, unblock };
  const { podman, exitCode, state } = tested;
  const observed = `podman exits with ${podman}; the start of the unit returned ${exitCode}, ${tell(state)}`;
  if (podman === 0)
    return {
      verdict: 'BLOCKED',
      observed: `podman reports no error: ${observed}`,
      unblock: 'Run it with a podman that refuses a policy which it does not know.',
    };
  if (state.ActiveState !== 'failed')
    return { verdict: 'FAIL', observed: `the error is swallowed: ${observed}` };
  return String(podman) === state.ExecMainStatus && exitCode !== 0
    ? { verdict: 'PASS', observed }
    : { verdict: 'PARTIAL', observed: `the unit fails, but not with what podman said: ${observed}` };
}
