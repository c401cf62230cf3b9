/** The dataset beneath which each host keeps its services' data. */
export const hosts = {
  forge: 'tank/persist',
  luna: 'rpool/safe/persist',
  rydev: 'rpool/safe/persist',
} as const;
export type HostName = keyof typeof hosts;
export const hostNames = Object.keys(hosts) as [HostName, ...HostName[]];

/** Every parent dataset that a host has, the one of a pool for services before that of a boot pool. */
export const parents: readonly string[] = [...new Set(Object.values(hosts))];

/**
 * The parent dataset of this machine, by those of `parents` that exist on it. A machine with a pool for
 * services has a boot pool too, so the first that exists is meant.
 */
export function detectParent(existing: readonly string[]): string | undefined {
  return parents.find((parent) => existing.includes(parent));
}
