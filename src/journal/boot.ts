import type { BootIdentity } from '../runbook/index.ts';

/**
 * Whether two readings lie in one boot. `wsl --terminate` and a container's restart keep the kernel
 * and so the boot id, which is why PID 1's start time and the PID namespace count as well.
 */
export function isSameBoot(one: BootIdentity, other: BootIdentity): boolean {
  return (
    one.bootId === other.bootId &&
    one.initStart === other.initStart &&
    one.pidNamespace === other.pidNamespace
  );
}
