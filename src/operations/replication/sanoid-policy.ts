import type { SanoidSection } from './sanoid-conf.ts';

export const periods = ['frequently', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Period = (typeof periods)[number];

/** What sanoid does with one dataset. */
export interface SanoidPolicy {
  /** It takes snapshots of it, by itself or with those of a parent. */
  readonly snapshots: boolean;
  /** The section whose `recursive = zfs` takes them in one command with those of the parent. */
  readonly withParent?: string;
  readonly prunes: boolean;
  /** How many of each it keeps; 0 takes none. */
  readonly keep: Readonly<Record<Period, number>>;
}

/** Of /usr/share/sanoid/sanoid.defaults.conf, version 2. */
const defaults: Readonly<Record<string, string>> = {
  autosnap: '1',
  autoprune: 'yes',
  frequently: '0',
  hourly: '48',
  daily: '90',
  weekly: '0',
  monthly: '6',
  yearly: '0',
};

/** What sanoid knows of one section or dataset while it reads its file. */
interface Working {
  settings: Map<string, string>;
  path: string;
  onlyChildren: boolean;
  fromParent: boolean;
  withParent?: string;
}

/**
 * What a policy comes to for each dataset, computed as sanoid does: section after section in the order
 * of the file, a recursive one overwriting whatever stood before it about a child.
 *
 * @param datasets all that there are, parents before children
 */
export function sanoidPolicies(
  sections: readonly SanoidSection[],
  datasets: readonly string[],
): ReadonlyMap<string, SanoidPolicy> {
  const templates = new Map(
    sections.filter(({ name }) => name.startsWith('template_')).map((section) => [section.name, section]),
  );
  const working = new Map<string, Working>();
  for (const section of sections) {
    if (section.name.startsWith('template_')) continue;
    const one = begin(working.get(section.name), templates.get('template_default'));
    for (const name of templateNames(section)) {
      for (const [key, value] of own(templates.get(`template_${name}`))) one.settings.set(key, value);
    }
    for (const [key, value] of own(section)) one.settings.set(key, value);
    one.path = section.settings.get('path')?.value ?? section.name;
    // A section of its own is in vain where a parent's atomic snapshot takes the dataset along.
    if (one.withParent !== undefined) one.settings.set('autosnap', '0');
    working.set(section.name, one);
    spread(section, one, datasets, working);
  }
  const byPath = new Map([...working.values()].map((one) => [one.path, one]));
  return new Map(
    datasets.flatMap((dataset) => {
      const one = byPath.get(dataset);
      return one === undefined ? [] : [[dataset, policyOf(one)]];
    }),
  );
}

/** The templates that a section uses, in the order in which they are applied. */
export function templateNames(section: SanoidSection): readonly string[] {
  const named = section.settings.get('use_template')?.value ?? '';
  return named.split(',').flatMap((name) => name.trim() || []);
}

function begin(before: Working | undefined, ownDefaults: SanoidSection | undefined): Working {
  if (before?.fromParent === true) return { ...before, settings: new Map(before.settings) };
  const settings = new Map(Object.entries(defaults));
  for (const [key, value] of own(ownDefaults)) settings.set(key, value);
  return { settings, path: '', onlyChildren: false, fromParent: false };
}

function own(section: SanoidSection | undefined): readonly (readonly [string, string])[] {
  return [...(section?.settings ?? [])]
    .filter(([key]) => !/template|recursive|skip_children/.test(key))
    .map(([key, { value }]) => [key, value]);
}

function spread(
  section: SanoidSection,
  one: Working,
  datasets: readonly string[],
  working: Map<string, Working>,
): void {
  const recursive = section.settings.get('recursive')?.value ?? '';
  const children = datasets.filter((dataset) => dataset.startsWith(`${one.path}/`));
  if (/zfs/i.test(recursive)) {
    for (const child of children) {
      const settings = new Map(one.settings).set('autosnap', '0');
      const withParent = isOn(one.settings.get('autosnap')) ? { withParent: section.name } : {};
      working.set(child, { settings, path: child, onlyChildren: false, fromParent: true, ...withParent });
    }
  } else if (isOn(section.settings.get('skip_children')?.value)) {
    for (const child of children) working.delete(child);
  } else if (isOn(recursive)) {
    for (const child of children) {
      const settings = new Map(one.settings);
      settings.delete('process_children_only');
      working.set(child, { settings, path: child, onlyChildren: false, fromParent: true });
    }
  }
  one.onlyChildren = isOn(one.settings.get('process_children_only'));
}

function policyOf({ settings, onlyChildren, withParent }: Working): SanoidPolicy {
  const keep = Object.fromEntries(
    periods.map((period) => [period, Number(settings.get(period) ?? 0) || 0]),
  ) as Record<Period, number>;
  const takes = periods.some((period) => keep[period] > 0);
  const itself = isOn(settings.get('autosnap')) && !onlyChildren;
  return {
    snapshots: takes && (itself || withParent !== undefined),
    prunes: isOn(settings.get('autoprune')),
    keep,
    ...(withParent === undefined ? {} : { withParent }),
  };
}

/** As sanoid reads a switch: another spelling of yes is taken as Perl takes it, for true. */
function isOn(value: string | undefined): boolean {
  return !['', '0', 'false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF', undefined].includes(
    value,
  );
}
