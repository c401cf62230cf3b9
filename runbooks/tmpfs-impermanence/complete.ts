import type { Finding, Host } from 'migrate-runbook';
import { readBuiltSystem } from '../persistence/built-system.ts';
import { completenessVerdict, judgeCompleteness } from '../persistence/completeness.ts';
import { liesIn } from '../persistence/declarations.ts';
import type { PersistenceEntry } from '../persistence/entry.ts';
import { boundFrom, type FstabMount } from '../persistence/fstab.ts';
import { readPersistenceFacts } from '../persistence/machine-facts.ts';
import { allDirectories, type Params } from './params.ts';

/** What the parameters declare. */
export function declaredEntries(p: Params): readonly PersistenceEntry[] {
  const of = (kind: PersistenceEntry['kind']) => (path: string) =>
    ({ path, kind, need: 'required', purpose: 'declared by the parameters' }) as const;
  return [...allDirectories(p).map(of('directory')), ...p.files.map(of('file'))];
}

/**
 * Whether what is declared suffices for a root that is empty at each boot, by the system that was built for it. FAIL
 * stops whatever would follow.
 */
export async function judgeComplete(host: Host, p: Params, system: string): Promise<Finding> {
  const built = await readBuiltSystem(host, system);
  const facts = await readPersistenceFacts(host, { system, persist: p.persist });
  const declarations = { system: [...declaredEntries(p)], homes: [], expendable: p.expendable };
  const findings = judgeCompleteness(declarations, facts);
  const notBuilt = missingBinds(built.mounts, p);
  const verdict = notBuilt.length > 0 ? 'FAIL' : completenessVerdict(findings);
  const wrong = findings.filter((one) => one.verdict !== 'PASS');
  const said = [
    ...(notBuilt.length === 0 ? [] : [`the system that was built binds no ${notBuilt.join(', ')}`]),
    ...wrong.map(({ title, observed }) => `${title}: ${observed}`),
  ];
  const missing = findings.flatMap((one) => one.missing.map(({ path, need, why }) => ({ path, need, why })));
  const evidence = { missing, logins: findings.find(({ id }) => id === 'login')?.observed ?? '' };
  return { verdict, observed: said.join('\n') || 'all that is critical persists', evidence };
}

/** Folders that are declared, and that the built system binds nowhere. */
export function missingBinds(mounts: readonly FstabMount[], p: Params): readonly string[] {
  const bound = boundFrom(mounts, p.persist);
  return allDirectories(p).filter((path) => !bound.some((point) => liesIn(path, point)));
}

/** Whether the root of a built system is as it shall be. */
export function judgeRoot(mounts: readonly FstabMount[], p: Params): Finding {
  const at = (wanted: string) => mounts.findLast(({ point }) => point === wanted);
  const [root, persist, nix] = [at('/'), at(p.persist), at('/nix')];
  const wrong: string[] = [];
  const options = ['mode=755', `size=${p.rootGigabytes}G`];
  if (root?.type !== 'tmpfs') wrong.push(`the root is ${root?.type ?? 'not mounted'}, not tmpfs`);
  const lacking = options.filter((option) => root?.options.includes(option) !== true);
  if (lacking.length > 0) wrong.push(`the root lacks ${lacking.join(', ')}`);
  if (persist?.source !== p.persistDevice || persist.type !== 'ext4')
    wrong.push(`${p.persist} is not ${p.persistDevice}`);
  for (const [point, mount] of [
    [p.persist, persist],
    ['/nix', nix],
  ] as const) {
    if (mount?.options.includes('x-initrd.mount') !== true && point !== '/nix')
      wrong.push(`${point} is not needed for boot`);
    if (mount === undefined) wrong.push(`${point} is not mounted`);
  }
  return wrong.length === 0
    ? {
        verdict: 'PASS',
        observed: `a root of ${p.rootGigabytes} GiB in memory, ${p.persist} from ${p.persistDevice}`,
      }
    : { verdict: 'FAIL', observed: wrong.join('; ') };
}
