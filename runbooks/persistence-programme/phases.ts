/** One run that a phase consists of. */
export interface Work {
  readonly runbook: string;
  /** Parameters by which the run is known, where one runbook is run for several things. */
  readonly params?: Readonly<Record<string, string>>;
  /** The run itself proves a backup of what it moves, and counts for nothing without. */
  readonly proves?: boolean;
}

/** What of the whole somebody wants. */
export interface Wanted {
  readonly services: readonly string[];
  readonly preseedFor?: readonly string[] | undefined;
  readonly pitr: boolean;
}

/** A part of the programme behind which one may stop for weeks. */
export interface Phase {
  readonly number: number;
  readonly title: string;
  /** Hours that it takes, from and to, as it was planned. */
  readonly hours: readonly [number, number];
  /** Numbers of those before it, on which it builds. */
  readonly after: readonly number[];
  /** Empty when nobody wants it. */
  readonly works: (wanted: Wanted) => readonly Work[];
}

const moves = (runbook: string): Work => ({ runbook, proves: true });

export const phases = [
  {
    number: 1,
    title: 'Datasets that services declare',
    hours: [2, 3],
    after: [],
    works: () => [{ runbook: 'storage-datasets' }],
  },
  { number: 2, title: 'One service', hours: [2, 3], after: [1], works: () => [moves('sonarr')] },
  {
    number: 3,
    title: 'The other services',
    hours: [4, 8],
    after: [2],
    works: ({ services }) => services.map(moves),
  },
  {
    number: 4,
    title: 'Snapshots and a replica',
    hours: [3, 4],
    after: [3],
    works: () => [{ runbook: 'zfs-replication' }],
  },
  {
    number: 5,
    title: 'Missing data brought back at boot',
    hours: [4, 6],
    after: [4],
    works: (wanted) => preseeded(wanted).map((service) => ({ runbook: 'preseed', params: { service } })),
  },
  {
    number: 6,
    title: 'PostgreSQL to any moment',
    hours: [2, 3],
    after: [3],
    works: ({ pitr }) => (pitr ? [{ runbook: 'postgres-pitr' }] : []),
  },
] as const satisfies readonly Phase[];

/** PostgreSQL has its own way back, which is phase 6. */
function preseeded({ services, preseedFor }: Wanted): readonly string[] {
  return preseedFor ?? ['sonarr', ...services.filter((service) => service !== 'postgres')];
}

/** Of a phase, all those that must stand before it, in their order. */
export function before(phase: Phase): readonly Phase[] {
  const direct = phases.filter(({ number }) => phase.after.includes(number));
  return phases.filter((one) => direct.includes(one) || direct.some((other) => before(other).includes(one)));
}

/** What to type for it. */
export function commandFor({ runbook, params = {} }: Work, flake: string): string {
  const sets = Object.entries({ ...params, flake }).map(([key, value]) => `--set ${key}=${value}`);
  return ['migrate run', runbook, ...sets].join(' ');
}

/** How a person calls it. */
export function nameOf({ runbook, params = {} }: Work): string {
  return [runbook, ...Object.values(params)].join(' ');
}
