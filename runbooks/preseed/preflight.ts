import type { Finding, Host } from 'migrate-runbook';
import { editsFit } from '../nixos-module/edits.ts';
import { sourcesOf, wrongTogether } from '../restore-missing/places.ts';
import { modulePlace, systemProfile } from './module.ts';
import { preseedUnit, restoreParams, unitOf, type Params } from './params.ts';

/** That what the unit will be given can work at a boot. */
export function givenFits(p: Params): Finding {
  const restore = restoreParams(p);
  const wrong = wrongTogether(restore);
  if (wrong !== undefined) return { verdict: 'FAIL', observed: wrong };
  for (const key of ['password', 's3Password', 's3KeyId', 's3Key'] as const) {
    if (p[key]?.secret === 'env') {
      return { verdict: 'FAIL', observed: `${key} lies in the environment, which no unit has: give file:/…` };
    }
  }
  return {
    verdict: 'PASS',
    observed: sourcesOf(restore)
      .map(({ kind }) => kind)
      .join(', then '),
  };
}

/** That nothing shows the dataset in another place: a unit at a boot can swap it only where it is mounted once. */
export async function shownOnce(host: Pick<Host, 'mounts'>, { dataset, dataPath }: Params): Promise<Finding> {
  if (dataset === undefined) return { verdict: 'PASS', observed: 'a folder, and no dataset' };
  const points = (await host.mounts()).filter(({ source }) => source === dataset).map(({ point }) => point);
  const others = points.filter((point) => point !== dataPath);
  return others.length === 0
    ? { verdict: 'PASS', observed: `${dataset} is mounted at ${points.join(', ') || 'no place'}` }
    : {
        verdict: 'FAIL',
        observed: `${dataset} is shown at ${others.join(', ')} too, by a bind mount that would go on to show the lost data: have the service's configuration name ${dataPath} instead`,
      };
}

/** That the unit will find its programs: the service's own may lie where no other unit looks. */
export async function programsFound(host: Host, p: Params): Promise<Finding> {
  const kinds = sourcesOf(restoreParams(p)).map(({ kind }) => kind);
  const backedUp = kinds.includes('restic') || kinds.includes('s3');
  const wanted = [
    ...(backedUp ? ['restic'] : []),
    ...(p.dataset === undefined ? [] : ['zfs', ...(backedUp ? ['rsync'] : [])]),
    ...(p.replicaHost === undefined ? [] : ['ssh']),
  ].map((name) => `${systemProfile}/bin/${name}`);
  const files = [...p.program.slice(0, 1), ...wanted];
  const stats = await Promise.all(files.map((file) => host.files.stat(file)));
  const missing = files.filter((_, at) => stats[at] === undefined);
  return missing.length === 0
    ? { verdict: 'PASS', observed: files.join(', ') }
    : {
        verdict: 'FAIL',
        observed: `${missing.join(' and ')}: not there; add the package to environment.systemPackages and rebuild`,
      };
}

export function configurationFits(host: Host, p: Params): Promise<Finding> {
  const { moduleFile } = modulePlace(p);
  return editsFit(host, { flake: p.flake, free: moduleFile, edits: [[p.hostFile, p.importsText]] });
}

/** That systemd itself knows of the dependency: a unit on the disk need not be the one that runs. */
export async function dependsOn(host: Host, p: Params): Promise<Finding> {
  const wrong: string[] = [];
  for (const property of ['Requires', 'After']) {
    const argv = ['systemctl', 'show', unitOf(p), `--property=${property}`, '--value'] as const;
    const { stdout } = await host.exec({ argv }, { anyExit: true });
    if (!stdout.trim().split(/\s+/).includes(preseedUnit(p))) wrong.push(`${property}=${stdout.trim()}`);
  }
  return wrong.length === 0
    ? { verdict: 'PASS', observed: `${unitOf(p)} requires ${preseedUnit(p)}, and starts after it` }
    : { verdict: 'FAIL', observed: `${unitOf(p)} does not: ${wrong.join('; ')}` };
}
