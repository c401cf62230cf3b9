import type { Finding, Host } from 'migrate-runbook';
import { zfsList } from 'migrate-runbook/operations';
import { unit, type Params } from './params.ts';

/** That the module's unit is there, ran well, and runs at each boot behind the import and before what lives there. */
export async function unitInPlace(host: Host): Promise<Finding> {
  const asked = 'LoadState,ActiveState,Result,ExecMainStatus,After,Before';
  const argv = ['systemctl', 'show', unit, `--property=${asked}`] as const;
  const { stdout } = await host.exec({ argv }, { anyExit: true });
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1] ?? '';
  const wrong: string[] = [];
  const named = (key: string, names: readonly string[]) => {
    const there = value(key).split(' ');
    for (const name of names) if (!there.includes(name)) wrong.push(`${key}= does not name ${name}`);
  };
  if (value('LoadState') !== 'loaded') wrong.push(`it is ${value('LoadState')}`);
  if (value('ActiveState') !== 'active' || value('Result') !== 'success')
    wrong.push(`it is ${value('ActiveState')}, with the result ${value('Result')}`);
  named('After', ['zfs-import.target', 'zfs-mount.service']);
  named('Before', ['local-fs.target']);
  return wrong.length > 0
    ? { verdict: 'FAIL', observed: `${unit}: ${wrong.join('; ')}` }
    : { verdict: 'PASS', observed: `${unit} ran well, behind the import and the mounting of pools` };
}

/** File systems and volumes beneath the parent, by name and GUID: snapshots come and go. */
export async function datasetsBeneath(host: Host, p: Params): Promise<Record<string, string>> {
  const all = await zfsList(host, p.parentDataset);
  return Object.fromEntries(
    all.flatMap(({ name, kind, guid }) => (['filesystem', 'volume'].includes(kind) ? [[name, guid]] : [])),
  );
}

/** That no dataset came or went. */
export async function datasetsAre(
  host: Host,
  p: Params,
  before: Readonly<Record<string, string>>,
): Promise<Finding> {
  const now = await datasetsBeneath(host, p);
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const changed = names.filter((name) => before[name] !== now[name]);
  return changed.length === 0
    ? { verdict: 'PASS', observed: `${names.length} beneath ${p.parentDataset}, as before` }
    : { verdict: 'FAIL', observed: `not as before: ${changed.join(', ')}` };
}
