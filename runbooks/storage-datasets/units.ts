import { z, type Finding, type Host } from 'migrate-runbook';
import { unit } from './params.ts';

export const unitStates = z.record(z.string(), z.string());
type UnitStates = z.output<typeof unitStates>;

/**
 * Units that the configuration brings, up or failed, each with its state and which start of it that was. What comes
 * and goes by itself, such as sessions, devices and mounts, is no matter of the configuration.
 */
export async function readUnits(host: Host): Promise<UnitStates> {
  const list = ['systemctl', 'list-units', '--no-legend', '--plain', '--type=service,socket,timer'] as const;
  const { stdout } = await host.exec({ argv: list });
  const names = stdout.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
  const states: Record<string, string> = {};
  for (const name of names) {
    const argv = ['systemctl', 'show', name, '--property=ActiveState,InvocationID'] as const;
    const found = (await host.exec({ argv }, { anyExit: true })).stdout;
    const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(found)?.[1] ?? '';
    states[name] = `${value('ActiveState')} ${value('InvocationID')}`.trim();
  }
  return states;
}

/** That nothing else was touched: what was up still is, and since the same start. */
export function compareUnits(before: UnitStates, after: UnitStates): Finding {
  const names = Object.keys(before).filter((name) => name !== unit);
  const state = (text: string | undefined) => text?.split(' ')[0] ?? 'gone';
  const lost = names.filter((name) => state(before[name]) === 'active' && state(after[name]) !== 'active');
  const failed = Object.keys(after).filter(
    (name) => state(after[name]) === 'failed' && state(before[name]) !== 'failed',
  );
  const restarted = names.filter((name) => !lost.includes(name) && before[name] !== after[name]);
  const evidence = { before, after };
  const bad = [...new Set([...lost, ...failed])].map((name) => `${name} is ${state(after[name])}`);
  if (bad.length > 0) return { verdict: 'FAIL', observed: bad.join('; '), evidence };
  if (restarted.length > 0) {
    const observed = `started anew meanwhile, which schedules and people do too: ${restarted.join(', ')}`;
    return { verdict: 'PARTIAL', observed, evidence };
  }
  return { verdict: 'PASS', observed: `${names.length} units are as they were`, evidence };
}

/**
 * By their files, in which units a system differs from the one that runs. Were it more than the module's own, changes
 * that nobody has switched to yet would come along.
 */
export async function differingUnits(host: Host, system: string): Promise<Finding> {
  const [running, next] = [await unitFiles(host, '/run/current-system'), await unitFiles(host, system)];
  const names = [...new Set([...running.keys(), ...next.keys()])].toSorted();
  const changed = names.filter((name) => running.get(name) !== next.get(name));
  const others = changed.filter((name) => !name.endsWith(unit));
  if (others.length > 0) {
    return {
      verdict: 'FAIL',
      observed: `${others.join(', ')} would change as well: switch to the configuration as it was before, then begin again`,
    };
  }
  return changed.includes(unit)
    ? { verdict: 'PASS', observed: `only ${unit}, of ${names.length} units and links to them` }
    : { verdict: 'FAIL', observed: `${unit} is not in it: is the module imported?` };
}

/** What each unit file holds, by its path beneath the system's folder of units. */
async function unitFiles(host: Host, system: string): Promise<ReadonlyMap<string, string>> {
  const folder = `${system}/etc/systemd/system`;
  const files = new Map<string, string>();
  for (const name of (await host.files.list(folder)) ?? []) {
    const inner = await host.files.list(`${folder}/${name}`);
    for (const one of inner ?? []) {
      const text = name.endsWith('.d') ? await host.files.read(`${folder}/${name}/${one}`) : 'a link';
      files.set(`${name}/${one}`, text ?? '');
    }
    if (inner === undefined) files.set(name, (await host.files.read(`${folder}/${name}`)) ?? 'masked');
  }
  return files;
}
