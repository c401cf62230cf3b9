import type { EngineHost } from '../../engine/index.ts';
import { mountAt } from '../../runbook/index.ts';

/** Milliseconds to wait for a disk that comes late after a boot. */
const longestWaitMs = 120_000;
const lookEveryMs = 250;

/**
 * Waits until something is mounted at each of some points, which after a boot may take a while.
 * @returns the points at which nothing came in time; what needs them looks for itself
 */
export async function awaitMounts(
  points: readonly string[],
  host: Pick<EngineHost, 'mounts' | 'clock'>,
  tell: (text: string) => void,
): Promise<readonly string[]> {
  const began = host.clock.now().monotonic;
  for (let told = false; ; told = true) {
    const mounts = await host.mounts();
    const missing = points.filter((point) => mountAt(mounts, point) === undefined);
    if (missing.length === 0) return [];
    if (!told)
      tell(`waiting up to ${longestWaitMs / 1000} s for what is not mounted yet: ${missing.join(', ')}`);
    if (host.clock.now().monotonic - began >= longestWaitMs) return missing;
    await host.clock.sleep(lookEveryMs);
  }
}
