import { StepError } from '../errors.ts';
import type { BootIdentity } from '../runbook/index.ts';
import { bootId, pidNamespace, statOf } from './process.ts';

/**
 * Which boot this is. The kernel's boot id alone does not tell: `wsl --terminate` and a container's
 * restart keep it, but start another PID 1.
 *
 * @throws StepError `boot.unreadable` when /proc hides PID 1.
 */
export async function readBoot(): Promise<BootIdentity> {
  const init = statOf(1);
  if (init === undefined) {
    throw new StepError(
      'boot.unreadable',
      'the start time of PID 1 cannot be read from /proc/1/stat',
      '/proc is not mounted here, or mounted with hidepid; run as root, or mount it without hidepid.',
    );
  }
  return { bootId: bootId(), initStart: init.startTime, pidNamespace: pidNamespace() };
}
