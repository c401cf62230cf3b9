import { parseSanoidConf, type SanoidSection } from './sanoid-conf.ts';
import { sanoidPolicies, templateNames, type SanoidPolicy } from './sanoid-policy.ts';

/** What a policy must come to. */
export interface WantedPolicy {
  /** Snapshotted with all of its children. */
  readonly dataset: string;
  readonly template: string;
  /** Children that are left out. */
  readonly without: readonly string[];
  /** The root of the replica, which must get no snapshots but received ones. */
  readonly replica?: string | undefined;
}

/** @param datasets all that there are */
export function judgePolicy(
  { text, path }: { text: string; path: string },
  wanted: WantedPolicy,
  datasets: readonly string[],
): { policies: ReadonlyMap<string, SanoidPolicy>; problems: readonly string[] } {
  const sections = parseSanoidConf(text, path);
  const { dataset, without, replica } = wanted;
  const known = [
    ...new Set([...datasets, ...without, dataset, ...(replica === undefined ? [] : [replica])]),
  ].toSorted();
  const policies = sanoidPolicies(sections, known);
  const kept = known.filter((name) => name === dataset || name.startsWith(`${dataset}/`));
  const missed = kept.filter((name) => !isWithout(name, without) && policies.get(name)?.snapshots !== true);
  const taken = kept.filter((name) => isWithout(name, without) && policies.get(name)?.snapshots === true);
  const replicas = replica === undefined ? [] : known.filter((name) => isWithout(name, [replica]));
  return {
    policies,
    problems: [
      ...templateProblems(sections, wanted),
      ...missed.map((name) => `${name} gets no snapshots`),
      ...taken.map((name) => `${name} gets snapshots: ${whyTaken(name, sections, policies.get(name))}`),
      ...replicas
        .filter((name) => policies.get(name)?.snapshots === true)
        .map(
          (name) => `${name} is a replica and gets snapshots of its own, after which nothing can be received`,
        ),
    ],
  };
}

function isWithout(name: string, without: readonly string[]): boolean {
  return without.some((one) => name === one || name.startsWith(`${one}/`));
}

function templateProblems(
  sections: readonly SanoidSection[],
  { dataset, template }: WantedPolicy,
): readonly string[] {
  const section = sections.find(({ name }) => name === dataset);
  if (section === undefined) return [`there is no section [${dataset}]`];
  const used = templateNames(section);
  const lost = used.filter((name) => !sections.some((one) => one.name === `template_${name}`));
  return [
    ...(used.includes(template) ? [] : [`[${dataset}] does not use the template ${template}`]),
    ...lost.map(
      (name) => `there is no [template_${name}]: sanoid takes its own defaults then, without a word`,
    ),
  ];
}

function whyTaken(
  name: string,
  sections: readonly SanoidSection[],
  policy: SanoidPolicy | undefined,
): string {
  if (policy?.withParent !== undefined)
    return `[${policy.withParent}] has recursive = zfs, which no section of a child can limit`;
  const at = sections.findIndex((section) => section.name === name);
  if (at === -1) return 'sanoid does not read com.sun:auto-snapshot; it needs a section with autosnap = no';
  const over = sections.findIndex((section) => name.startsWith(`${section.name}/`));
  return over > at
    ? `[${name}] stands before [${sections[over]?.name}], which overwrites it; move it behind`
    : `[${name}] has no autosnap = no`;
}
