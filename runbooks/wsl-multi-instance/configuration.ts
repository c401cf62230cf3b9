import type { Finding, Host } from 'migrate-runbook';
import type { Instance, Params } from './params.ts';

/** What a host's file assigns to the option, as a plain text; comments do not count. */
export function assigned(text: string, option: string): readonly string[] {
  const code = text.replace(/"(?:\\.|[^"\\])*"|#[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.startsWith('"') ? part : '',
  );
  const name = option.replaceAll('.', String.raw`\.`);
  return [...code.matchAll(new RegExp(String.raw`(?:^|[\s{;.])${name}\s*=\s*"([^"]*)"\s*;`, 'g'))].map(
    ([, value = '']) => value,
  );
}

/** Whether each one's configuration names the folder that is meant to be its own. */
export async function subfolders(host: Host, p: Params): Promise<Finding> {
  const read = await Promise.all(
    p.instances.map(async (one) => {
      const text = await host.files.read(`${p.flake}/${one.hostFile}`);
      return { one, found: text === undefined ? undefined : assigned(text, p.option) };
    }),
  );
  return judgeSubfolders(p.option, read);
}

interface Read {
  readonly one: Instance;
  /** Undefined where there is no such file. */
  readonly found: readonly string[] | undefined;
}

/** Pure. Two that share a folder share one database, and each deletes what the other needs. */
export function judgeSubfolders(option: string, read: readonly Read[]): Finding {
  const unclear = read.flatMap(({ one, found }) => {
    if (found === undefined) return [`${one.name}: there is no ${one.hostFile}`];
    if (found.length === 1) return [];
    return [
      `${one.name}: ${one.hostFile} assigns ${option} ${found.length} times; it must be once, as ${option} = "${one.subfolder}";`,
    ];
  });
  const owners = new Map<string, string[]>();
  for (const { one, found = [] } of read) {
    for (const folder of new Set(found)) owners.set(folder, [...(owners.get(folder) ?? []), one.name]);
  }
  const shared = [...owners].filter(([, names]) => names.length > 1);
  const other = read.filter(({ one, found }) => found?.length === 1 && found[0] !== one.subfolder);
  const evidence = {
    folders: Object.fromEntries(read.map(({ one, found }) => [one.name, [...(found ?? [])]])),
  };
  if (shared.length > 0) {
    const observed = shared.map(
      ([folder, names]) => `${names.join(' and ')} both have ${option} = "${folder}"`,
    );
    return { verdict: 'FAIL', observed: observed.join('; '), evidence };
  }
  if (other.length > 0) {
    const observed = other.map(
      ({ one, found }) => `${one.name} has ${option} = "${found?.[0]}", and "${one.subfolder}" is expected`,
    );
    return { verdict: 'FAIL', observed: observed.join('; '), evidence };
  }
  if (unclear.length > 0) return { verdict: 'BLOCKED', observed: unclear.join('; '), evidence };
  return {
    verdict: 'PASS',
    observed: read.map(({ one }) => `${one.name}: ${one.subfolder}`).join(', '),
    evidence,
  };
}
