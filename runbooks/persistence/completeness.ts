import { criticalPaths, matchesPattern, type CriticalPath } from './critical.ts';
import { declaredPaths, fateOf, liesIn } from './declarations.ts';
import { needs, type PersistenceInventory } from './entry.ts';
import type { CompletenessFinding, MissingPath } from './finding.ts';
import { judgeLogins, type Login } from './logins.ts';
import { judgeSops, type SopsFacts } from './sops-keys.ts';

/** What was found out about the machine; see machine-facts.ts. */
export interface PersistenceFacts {
  /** What lies on the root file system now and is not empty: the folders in /var/lib, homes, host keys, and so on. */
  readonly present: readonly PresentPath[];
  /** Homes by user. */
  readonly homes: Readonly<Record<string, string>>;
  /** Mount points of file systems that outlive a boot by themselves; never `/`. */
  readonly kept: readonly string[];
  /** Those of them that are mounted before the system is activated (`neededForBoot`). */
  readonly early: readonly string[];
  /** `undefined` when they may not be read. */
  readonly logins: readonly Login[] | undefined;
  readonly sops: SopsFacts;
}

export interface PresentPath {
  readonly path: string;
  readonly bytes?: number | undefined;
}

/** What is declared, and what may go. */
export interface Declarations extends Pick<PersistenceInventory, 'system' | 'homes'> {
  /** Paths of which somebody has said that they may be lost. */
  readonly expendable?: readonly string[];
}

/**
 * Whether what is declared suffices, on this machine, for a root file system that is empty at each boot: nothing of
 * the critical list is lost, somebody can still log in, and secrets can be read in time.
 */
export function judgeCompleteness(
  declarations: Declarations,
  facts: PersistenceFacts,
): readonly CompletenessFinding[] {
  const declared = declaredPaths(declarations, (user) => facts.homes[user]);
  const places: Places = {
    fate: (path) => fateOf(path, declared, facts.kept),
    isHome: (path) => Object.values(facts.homes).includes(path),
  };
  const wanted = facts.present.filter(
    ({ path }) => declarations.expendable?.some((each) => liesIn(path, each)) !== true,
  );
  // A path counts for the first that names it: `/var/lib/nixos` is none of the services.
  const counted = new Set<string>();
  const critical = criticalPaths.map((one) => {
    const its = wanted.filter(({ path }) => !counted.has(path) && matchesPattern(path, one.pattern));
    for (const { path } of its) counted.add(path);
    return judgeCritical(one, its, places);
  });
  return [
    ...critical,
    judgeLogins(facts.logins, { fate: places.fate, early: facts.early }),
    judgeSops(facts.sops, { declared, early: facts.early, homes: Object.values(facts.homes) }),
  ];
}

interface Places {
  readonly fate: (path: string) => ReturnType<typeof fateOf>;
  readonly isHome: (path: string) => boolean;
}

function judgeCritical(
  { id, title, pattern, need, always }: CriticalPath,
  present: readonly PresentPath[],
  { fate, isHome }: Places,
): CompletenessFinding {
  const asked: readonly PresentPath[] = always && present.length === 0 ? [{ path: pattern }] : present;
  const missing: MissingPath[] = [];
  for (const { path, bytes } of asked) {
    const found = fate(path);
    if (found === 'kept') continue;
    // Of a home one declares by name what is to stay; of anything else a part is a mistake.
    const isChoice = found === 'in part' && isHome(path);
    const why = found === 'lost' ? 'not declared' : 'only a part of it is declared';
    missing.push({ path, need: isChoice ? 'optional' : need, why, bytes });
  }
  const sorted = missing.toSorted((one, other) => needs.indexOf(one.need) - needs.indexOf(other.need));
  const worst = sorted[0]?.need;
  if (worst === undefined) {
    const observed =
      asked.length === 0 ? `no ${pattern} on this machine` : asked.map(({ path }) => path).join(', ');
    return { id, title, verdict: 'PASS', observed, missing: [] };
  }
  return {
    id,
    title,
    verdict: worst === 'critical' || worst === 'required' ? 'FAIL' : 'PARTIAL',
    observed: sorted.map(({ path, why }) => `${path} is lost: ${why}`).join('; '),
    missing: sorted,
  };
}

/** The worst of all: FAIL stops whatever would erase the root file system. */
export function completenessVerdict(
  findings: readonly Pick<CompletenessFinding, 'verdict'>[],
): CompletenessFinding['verdict'] {
  const order = ['FAIL', 'BLOCKED', 'PARTIAL'] as const;
  return order.find((each) => findings.some(({ verdict }) => verdict === each)) ?? 'PASS';
}
