import type { Host, Mount } from '../../runbook/index.ts';

/** A process that keeps a mount from being unmounted. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
  /** Such as `has /nix/store/x open`. */
  readonly how: string;
}

/**
 * The processes that stand on a mount, run from it, or have something on it open. Processes that one
 * may not look into, and those in another mount namespace, are left out.
 */
export async function holdersOf(host: Host, mount: Mount): Promise<readonly Holder[]> {
  const ours = await link(host, '/proc/self/ns/mnt');
  const pids = ((await host.files.list('/proc')) ?? []).filter((name) => /^\d+$/.test(name));
  const holders: Holder[] = [];
  for (const pid of pids) {
    const folder = `/proc/${pid}`;
    if (ours !== undefined && (await link(host, `${folder}/ns/mnt`)) !== ours) continue;
    const how = await hold(host, folder, mount);
    if (how !== undefined) holders.push({ pid: Number(pid), name: await nameOf(host, folder), how });
  }
  return holders;
}

/** Holders as one line for a person, the first few by name. */
export function listHolders(holders: readonly Holder[]): string {
  const shown = holders.slice(0, 5).map(({ pid, name, how }) => `${name} (pid ${pid}) ${how}`);
  if (holders.length > shown.length) shown.push(`${holders.length - shown.length} more`);
  return shown.join(', ');
}

async function hold(host: Host, folder: string, mount: Mount): Promise<string | undefined> {
  const within = (path: string | undefined): path is string =>
    path !== undefined &&
    (path === mount.point || path.startsWith(mount.point === '/' ? '/' : `${mount.point}/`));
  const cwd = await link(host, `${folder}/cwd`);
  if (within(cwd)) return `stands in ${cwd}`;
  const exe = await link(host, `${folder}/exe`);
  if (within(exe)) return `runs ${exe}`;
  const root = await link(host, `${folder}/root`);
  if (within(root) && root !== '/') return `has ${root} as its root`;
  for (const fd of await quietly(() => host.files.list(`${folder}/fd`), [])) {
    const path = await link(host, `${folder}/fd/${fd}`);
    // A file opened before the mount bears the same path, and lies beneath it.
    if (within(path) && (await mountOfFd(host, `${folder}/fdinfo/${fd}`)) === mount.id)
      return `has ${path} open`;
  }
  const maps = await quietly(() => host.files.read(`${folder}/maps`), '');
  const mapped = maps
    .split('\n')
    .map((line) => line.match(/ (\/.*)$/)?.[1])
    .find(within);
  return mapped === undefined ? undefined : `uses ${mapped}`;
}

async function mountOfFd(host: Host, path: string): Promise<number | undefined> {
  const id = (await quietly(() => host.files.read(path), '')).match(/^mnt_id:\s*(\d+)$/m)?.[1];
  return id === undefined ? undefined : Number(id);
}

async function nameOf(host: Host, folder: string): Promise<string> {
  const name = await quietly(() => host.files.read(`${folder}/comm`), '');
  return name.trim() || 'a process';
}

function link(host: Host, path: string): Promise<string | undefined> {
  return quietly<string | undefined>(() => host.files.readLink(path), undefined);
}

/** A process may end while it is looked at, and others' may not be read. */
async function quietly<Value>(look: () => Promise<Value | undefined>, otherwise: Value): Promise<Value> {
  try {
    return (await look()) ?? otherwise;
  } catch {
    return otherwise;
  }
}
