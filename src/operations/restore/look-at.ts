import { posix } from 'node:path';
import { messageOf, StepError } from '../../errors.ts';
import { mountAt, sh, type Host } from '../../runbook/index.ts';
import type { DataPlace } from './data-place.ts';
import { askZfs, readDataset } from './datasets.ts';
import { judgeData, type DataVerdict, type SeenData, type SeenDatabase } from './judge-data.ts';

export interface Looked extends DataVerdict {
  /** Of the dataset that is mounted there. */
  readonly guid: string | undefined;
}

/**
 * Looks whether a service's data is there, and changes nothing.
 * @param thorough reads whole databases; else only what makes them plainly unsound, which takes less time
 */
export async function lookAt(host: Host, place: DataPlace, thorough = false): Promise<Looked> {
  const mount = await lookAtMount(host, place);
  const seen: SeenData = {
    mount,
    ...(await lookInside(host, place.path, place, thorough, mount.is === 'dataset' || mount.is === 'folder')),
  };
  return { ...judgeData(seen), guid: mount.is === 'dataset' ? mount.guid : undefined };
}

/** The same for a tree that is no mount point of its own, such as one that was just restored. */
export async function lookAtTree(host: Host, root: string, place: DataPlace): Promise<DataVerdict> {
  return judgeData({ mount: { is: 'folder' }, ...(await lookInside(host, root, place, true, true)) });
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
    const found = await readDataset(askZfs(host), dataset);
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
  thorough: boolean,
  whole: boolean,
): Promise<Omit<SeenData, 'mount'>> {
  const names = await host.files.list(root);
  const wanted = place.mustHold.length;
  if (names === undefined || names.length === 0 || !whole) {
    return { names, missing: place.mustHold, wanted, databases: [] };
  }
  const missing: string[] = [];
  for (const name of place.mustHold) {
    const stat = await host.files.stat(posix.join(root, name));
    // An empty file is what a broken restore or a service's very first start leaves.
    if (stat === undefined || (stat.kind === 'file' && stat.size === 0)) missing.push(name);
  }
  if (missing.length > 0) return { names, missing, wanted, databases: [] };
  const databases: SeenDatabase[] = [];
  for (const file of place.sqlite ?? []) databases.push(await checkSqlite(host, root, file, thorough));
  if (place.postgres === true) databases.push(await checkPostgres(host, root));
  return { names, missing, wanted, databases, owner: await wrongOwner(host, root, place) };
}

/** As the file's owner, so that what SQLite makes beside it can be opened by its service. */
async function checkSqlite(host: Host, root: string, file: string, thorough: boolean): Promise<SeenDatabase> {
  const path = posix.join(root, file);
  const stat = await host.files.stat(path);
  if (stat === undefined) return { file, is: 'damaged', said: 'it is not there' };
  if (((await host.files.stat(`${path}-journal`))?.size ?? 0) > 0) {
    return {
      file,
      is: 'sound',
      said: 'it has a journal that its service takes back when it starts; not looked at',
    };
  }
  const as =
    stat.uid === 0
      ? []
      : [
          'setpriv',
          `--reuid=${stat.uid}`,
          `--regid=${stat.gid}`,
          '--clear-groups',
          // A staging is closed to everybody else.
          '--inh-caps=+dac_override',
          '--ambient-caps=+dac_override',
          '--',
        ];
  const check = thorough ? 'PRAGMA integrity_check(3);' : 'PRAGMA quick_check(1);';
  try {
    const { stdout, stderr, exitCode } = await host.exec(
      sh`${as} sqlite3 -batch -readonly ${path} ${check}`,
      { anyExit: true },
    );
    const said = `${stdout.trim()} ${stderr.trim()}`.trim();
    if (exitCode === 0) return { file, is: stdout.trim() === 'ok' ? 'sound' : 'damaged', said };
    const damaged = /malformed|not a database|disk image|corrupt/i.test(said);
    return { file, is: damaged ? 'damaged' : 'unreadable', said };
  } catch (error) {
    return { file, is: 'unreadable', said: messageOf(error) };
  }
}

async function checkPostgres(host: Host, root: string): Promise<SeenDatabase> {
  const file = 'global/pg_control';
  if ((await host.files.read(posix.join(root, 'PG_VERSION'))) === undefined) {
    return { file, is: 'damaged', said: 'there is no PG_VERSION' };
  }
  if ((await host.files.stat(posix.join(root, file))) === undefined) {
    return { file, is: 'damaged', said: 'it is not there' };
  }
  try {
    const { stdout, stderr, exitCode } = await host.exec(
      sh.with({ env: { LC_ALL: 'C' } })`pg_controldata ${root}`,
      { anyExit: true },
    );
    const warning = /^WARNING: .*$/m.exec(`${stdout}\n${stderr}`)?.[0];
    if (exitCode !== 0 || warning !== undefined) {
      return { file, is: 'damaged', said: warning ?? stderr.trim() };
    }
    return { file, is: 'sound', said: /cluster state: *(.*)/.exec(stdout)?.[1] ?? '' };
  } catch (error) {
    return { file, is: 'unreadable', said: messageOf(error) };
  }
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
