import type { Finding, Host } from 'migrate-runbook';
import { editsFit, importEdit } from '../nixos-module/edits.ts';
import { hostEdit } from './configuration.ts';
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
export function configurationFits(host: Host, p: Params): Promise<Finding> {
  return editsFit(host, {
    flake: p.flake,
    free: p.moduleFile,
    edits: [
      [p.modulesFile, importEdit(p).from],
      [p.hostFile, hostEdit(p).from],
      [p.backupFile, p.formerJob],
    ],
    unset: [[p.hostFile, 'modules.replication.zfs']],
  });
}
