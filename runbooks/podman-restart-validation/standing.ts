import { createHash } from 'node:crypto';
import { z, type Finding, type Host } from 'migrate-runbook';
import { asOwner, asUser, ctlOf, userctl } from './account.ts';
import { asking, readUnit, userUnit } from './ask.ts';
import { containerOf } from './auto-update.ts';
import { homeManagerOf, unitPath, type Params } from './params.ts';
import { etcUnits, type Reached } from './reach.ts';
import { readUnitFile, unitFileText } from './unit-file.ts';

/** All that the tests touch, each under a name for people. When containers began is none of it: tests restart them. */
export const standing = z.record(z.string(), z.string());
type Standing = z.output<typeof standing>;

export async function readStanding(
  host: Host,
  p: Params,
  { account, audit, autoUpdate, updates }: Reached,
  run: { readonly id: string },
): Promise<Standing> {
  const ask = asking(host);
  const found: Record<string, string> = {};
  const folders = [`${account.home}/.config/systemd/user`, etcUnits];
  for (const { unit, container } of p.stacks) {
    const state = await userUnit(ask, account, unit);
    for (const name of [
      'ActiveState',
      'SubState',
      'Result',
      'ExecMainStatus',
      'FragmentPath',
      'DropInPaths',
    ] as const)
      found[`${unit} ${name}`] = state[name];
    found[`${unit} file`] = unitFileText(await readUnitFile(host, unitPath(account.home, unit)));
    for (const folder of folders) {
      const names = await host.files.list(`${folder}/${unit}.d`);
      found[`${folder}/${unit}.d`] = names === undefined ? 'not there' : names.join(' ');
    }
    const asked = asUser(account, 'podman', 'container', 'inspect', '--format={{.State.Status}}', container);
    found[`${container} is`] = (await ask(asked)).stdout.trim();
  }
  const system = { [p.audit]: audit, [p.autoUpdate]: autoUpdate, [homeManagerOf(p)]: 'system' as const };
  for (const [unit, scope] of Object.entries(system)) {
    const state = await readUnit(ask, (...words) => ctlOf(account, scope, ...words), unit);
    found[`${unit} ActiveState`] = state.ActiveState;
  }
  const planted = asOwner(account, updates, 'podman', 'container', 'exists', containerOf(run));
  found['the container that auto-update fails at'] =
    (await ask(planted)).exitCode === 0 ? 'there' : 'not there';
  const content = await host.files.read(p.healthFile);
  found[p.healthFile] =
    content === undefined ? 'not there' : createHash('sha256').update(content).digest('hex');
  found['the running system'] = (await host.files.realPath('/run/current-system')) ?? 'none';
  const reload = await ask(userctl(account, 'show', '--property=NeedDaemonReload', '--', p.stacks[0].unit));
  found['reload'] = reload.stdout.trim();
  return found;
}

/**
 * That everything is as before. A manager that had to be told of its files has been told since, and a unit that had
 * failed before may have gone well: neither is harm.
 */
export function compareStanding(before: Standing, after: Standing): Finding {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.flatMap((name) => {
    const [was, is] = [before[name] ?? 'unknown', after[name] ?? 'unknown'];
    const isTold = name === 'reload' && is === 'NeedDaemonReload=no';
    const hasGoneWell = name.endsWith('.service ActiveState') && was === 'failed' && is === 'inactive';
    return was === is || isTold || hasGoneWell ? [] : [`${name} was ${was || 'empty'}, is ${is || 'empty'}`];
  });
  return changed.length === 0
    ? { verdict: 'PASS', observed: `${names.length} things that the tests touched are as they were` }
    : { verdict: 'FAIL', observed: changed.join('; ') };
}
