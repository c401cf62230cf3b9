import type { Finding, Host } from 'migrate-runbook';
import type { Service } from '../catalogue.ts';
import { oldFolder } from '../old-folder.ts';
import { targetOf, type Placed } from '../place.ts';
import type { BackParams } from './params.ts';

/** The datasets are mounted, the first one with what makes it data of this service; in the old place too where a mount shows it there. */
export async function livesThere(
  host: Host,
  service: Service,
  p: BackParams,
  { datasets }: Placed,
): Promise<Finding> {
  const mounts = await host.mounts();
  const wrong: string[] = [];
  for (const { dataset, mountPoint } of datasets) {
    const source = mounts.findLast(({ point }) => point === mountPoint)?.source;
    if (source !== dataset) wrong.push(`${dataset} is not mounted at ${mountPoint}`);
  }
  const target = targetOf(service, p);
  for (const path of service.data.mustHold) {
    // The WAL of PostgreSQL is a link by now.
    if ((await host.files.stat(`${target}/${path}`)) === undefined) wrong.push(`${target} lacks ${path}`);
  }
  if (p.point === 'bind-mount') {
    const [shown, there] = [await host.files.stat(p.source), await host.files.stat(target)];
    if (shown?.inode !== there?.inode || shown?.device !== there?.device)
      wrong.push(`${p.source} does not show ${target}`);
  }
  return wrong.length === 0
    ? { verdict: 'PASS', observed: `${datasets.map(({ dataset }) => dataset).join(', ')}: mounted` }
    : { verdict: 'FAIL', observed: wrong.join('; ') };
}

/** The old folder is gone, or empty as a place for a mount: what is in it is not this run's to replace. */
export async function oldIsFree(host: Host, service: Service, p: BackParams): Promise<Finding> {
  const folder = oldFolder(service, p);
  const names = await host.files.list(folder);
  if (names === undefined || names.length === 0)
    return { verdict: 'PASS', observed: `${p.source} ${names === undefined ? 'is gone' : 'is empty'}` };
  return {
    verdict: 'FAIL',
    observed: `${p.source} still holds ${names.slice(0, 3).join(', ')}: as long as the old folder is there, the move itself is rolled back (migrate rollback ${service.service}). If this is something else, move it out of the way`,
  };
}
