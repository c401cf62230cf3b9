import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import { mountAt, sh, type Host } from '../../runbook/index.ts';
import { checkPostgres, checkSqlite } from './database-checks.ts';
import type { DataPlace } from './data-place.ts';
import { readDataset } from './datasets.ts';
import { judgeData, type DataVerdict, type SeenData } from './judge-data.ts';

export interface Looked extends DataVerdict {
  /** Of the dataset that is mounted there. */
  readonly guid: string | undefined;
}

/**
 * Looks whether a service's data is there, and changes nothing.
 * @param scratch a folder in which copies of databases may be made for a moment
 */
export async function lookAt(host: Host, place: DataPlace, scratch: string): Promise<Looked> {
  const mount = await lookAtMount(host, place);
  const visible = mount.is === 'dataset' || mount.is === 'folder';
  const seen: SeenData = { mount, ...(await lookInside(host, place.path, place, scratch, visible)) };
  return { ...judgeData(seen), guid: mount.is === 'dataset' ? mount.guid : undefined };
}

/** The same for a tree that is no mount point of its own, such as one that was just restored. */
export async function lookAtTree(
  host: Host,
  root: string,
  place: DataPlace,
  scratch: string,
): Promise<DataVerdict> {
  return judgeData({ mount: { is: 'folder' }, ...(await lookInside(host, root, place, scratch, true)) });
}

async function lookAtMount(host: Host, place: DataPlace): Promise<SeenData['mount']> {
  const mounts = await host.mounts();
  const { dataset, mountPoint, path } = place;
  if (dataset === undefined) {
    if (mountPoint !== undefined && mountAt(mounts, mountPoint) === undefined) {
      return { is: 'not-mounted', what: `nothing is mounted at ${mountPoint}, which holds ${path}` };
    }
    return { is: 'folder' };
  }
  try {
    const found = await readDataset(host, dataset);
    const mount = mountAt(mounts, path);
    if (found === undefined) {
      return mount === undefined
        ? { is: 'no-dataset', what: `there is no dataset ${dataset}` }
        : {
            is: 'not-mounted',
            what: `there is no dataset ${dataset}, and ${mount.source} is mounted at ${path}`,
          };
    }
    // By the mount table, since a dataset may believe itself mounted beneath another mount.
    if (mount === undefined) return { is: 'not-mounted', what: `${dataset} is not mounted at ${path}` };
    if (mount.source !== dataset) {
      return { is: 'not-mounted', what: `${mount.source} is mounted at ${path}, and not ${dataset}` };
    }
    return { is: 'dataset', guid: found.guid };
  } catch (error) {
    if (error instanceof StepError) return { is: 'no-pool', what: error.message };
    throw error;
  }
}

async function lookInside(
  host: Host,
  root: string,
  place: DataPlace,
  scratch: string,
  visible: boolean,
): Promise<Omit<SeenData, 'mount'>> {
  const names = await host.files.list(root);
  const wanted = place.mustHold.length;
  if (names === undefined || names.length === 0 || !visible) {
    return { names, missing: place.mustHold, wanted, databases: [] };
  }
  const missing: string[] = [];
  for (const name of place.mustHold) {
    const stat = await host.files.stat(posix.join(root, name));
    // An empty file is what a broken restore or a service's very first start leaves.
    if (stat === undefined || (stat.kind === 'file' && stat.size === 0)) missing.push(name);
  }
  if (missing.length > 0) return { names, missing, wanted, databases: [] };
  const databases = [...(await checkSqlite(host, root, place.sqlite ?? [], scratch))];
  if (place.postgres === true) databases.push(await checkPostgres(host, root));
  return { names, missing, wanted, databases, owner: await wrongOwner(host, root, place) };
}

async function wrongOwner(host: Host, root: string, { owner }: DataPlace): Promise<string | undefined> {
  if (owner === undefined) return undefined;
  const stat = await host.files.stat(root);
  const [uid, gid] = [await idOf(host, 'passwd', owner.user), await idOf(host, 'group', owner.group)];
  if (stat === undefined || (stat.uid === uid && stat.gid === gid)) return undefined;
  return `it belongs to ${stat.uid}:${stat.gid}, and ${owner.user}:${owner.group} is ${uid}:${gid} on this machine`;
}

/** @throws StepError `restore.no-account` */
async function idOf(host: Host, database: 'passwd' | 'group', name: string): Promise<number> {
  const { stdout, exitCode } = await host.exec(sh`getent ${database} ${name}`, { anyExit: true });
  const id = Number(stdout.split(':')[2]);
  if (exitCode === 0 && Number.isInteger(id)) return id;
  throw new StepError(
    'restore.no-account',
    `this machine has no ${database === 'passwd' ? 'user' : 'group'} ${name}`,
    'Make the account first, with its old number where it had one, or correct the name.',
  );
}
