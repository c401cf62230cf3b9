import type { Moment } from '../../copy/index.ts';
import type { Host } from '../../runbook/index.ts';

export async function momentNow(host: Host): Promise<Moment> {
  const { wall, boottime } = host.clock.now();
  return { wall, boottime, bootId: (await host.boot()).bootId };
}

/**
 * Milliseconds since a moment. Within a boot by a clock that does not jump; across boots by the wall
 * clock, and at least as long as this boot lasts, so that a clock set back makes nothing younger.
 * Negative when that moment lies in the future, so that nothing can be said.
 */
export async function ageOf(host: Host, then: Moment): Promise<number> {
  const { wall, boottime } = host.clock.now();
  if ((await host.boot()).bootId === then.bootId) return boottime - then.boottime;
  const age = wall - then.wall;
  return age < 0 ? age : Math.max(age, boottime);
}
