import type { Finding, Host } from 'migrate-runbook';
import { hostEdit, importsEdit, inFlake } from './configuration.ts';
import type { Params } from './params.ts';

/** sanoid and syncoid come with the configuration on NixOS; elsewhere they are there already. */
export async function programsThere(host: Host): Promise<Finding> {
  const missing: string[] = [];
  for (const name of ['sanoid', 'syncoid']) {
    // `command` is the shell's own.
    const argv = ['sh', '-c', 'command -v "$1"', 'sh', name] as const;
    if ((await host.exec({ argv }, { anyExit: true })).exitCode !== 0) missing.push(name);
  }
  if (missing.length === 0) return { verdict: 'PASS', observed: 'sanoid and syncoid are installed' };
  return {
    verdict: 'PARTIAL',
    observed: `${missing.join(' and ')} not installed yet; the configuration brings them`,
  };
}

/** That each edit finds its place, the last one too, which comes a day or more later. */
export async function editsFit(host: Host, p: Params): Promise<Finding> {
  const wrong: string[] = [];
  if ((await host.files.stat(inFlake(p, p.moduleFile))) !== undefined)
    wrong.push(`${p.moduleFile} is there already`);
  const places: readonly (readonly [string, string])[] = [
    [p.modulesFile, importsEdit(p).from],
    [p.hostFile, hostEdit(p).from],
    [p.backupFile, p.formerJob],
  ];
  for (const [file, text] of places) {
    const found = await host.files.read(inFlake(p, file));
    const times = found === undefined ? undefined : found.split(text).length - 1;
    if (times === undefined) wrong.push(`there is no ${file}`);
    else if (times !== 1) wrong.push(`${file} holds ${short(text)} ${times} times, not once`);
  }
  if ((await host.files.read(inFlake(p, p.hostFile)))?.includes('modules.replication.zfs') === true)
    wrong.push(`${p.hostFile} sets modules.replication.zfs already`);
  if (wrong.length > 0) return { verdict: 'FAIL', observed: wrong.join('; ') };
  return { verdict: 'PASS', observed: `${places.length} files can be edited, and ${p.moduleFile} is free` };
}

function short(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 39)}…` : line);
}

/** Units by their load state, which must be that; a unit that is not there has `not-found`. */
export async function unitsAre(
  host: Host,
  units: readonly string[],
  wanted: 'loaded' | 'not-found',
): Promise<Finding> {
  const others: string[] = [];
  for (const unit of units) {
    const argv = ['systemctl', 'show', unit, '--property=LoadState', '--value'] as const;
    const state = (await host.exec({ argv }, { anyExit: true })).stdout.trim();
    if (state !== wanted) others.push(`${unit} is ${state}`);
  }
  const observed = others.length === 0 ? `${units.join(', ')}: ${wanted}` : others.join('; ');
  return { verdict: others.length === 0 ? 'PASS' : 'FAIL', observed };
}
