import type { Host } from 'migrate-runbook';
import { readBuiltSystem, readLogins, type BuiltSystem, type BuiltUser } from './built-system.ts';
import { keptMounts } from './fstab.ts';
import type { PersistenceFacts, PresentPath } from './completeness.ts';
import { criticalPaths, matchesPattern } from './critical.ts';

/**
 * What a machine that shall lose its root file system holds now, and what of that its next system would keep.
 *
 * @param options.system the system that shall boot then, in the store; the one that runs when left out
 * @param options.persist mount point of the file system that outlives boots
 */
export async function readPersistenceFacts(
  host: Host,
  options: { readonly system?: string; readonly persist: string },
): Promise<PersistenceFacts> {
  const { system = '/run/current-system', persist } = options;
  const built = await readBuiltSystem(host, system);
  const passwd = (await host.files.read('/etc/passwd')) ?? '';
  const shadow = await host.files.read('/etc/shadow').catch(() => null);
  const users = built.users ?? usersOfMachine(passwd, (await host.files.read('/etc/group')) ?? '');
  const logins = await readLogins(host, { ...built, users }, shadow ?? undefined).catch(() => undefined);
  // Before the migration the running system knows neither of them as such.
  const planned = [persist, '/nix'];
  return {
    present: await presentPaths(host),
    homes: Object.fromEntries(users.map(({ name, home }) => [name, home])),
    kept: unique([...planned, '/boot', ...keptMounts(built.mounts), ...ownFileSystems(await host.mounts())]),
    early: unique([...planned, ...built.early]),
    logins: shadow === null && needsShadow(built) ? undefined : logins,
    sops: built.sops,
  };
}

/** Without the configuration's word only the file of passwords tells who may log in. */
function needsShadow({ users }: BuiltSystem): boolean {
  return users === undefined;
}

function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)];
}

/** Mount points of disks, other than the one that the root lies on, and than folders that are bound. */
export function ownFileSystems(mounts: Awaited<ReturnType<Host['mounts']>>): readonly string[] {
  const root = mounts.findLast(({ point }) => point === '/');
  return mounts
    .filter(({ type, source }) => source.startsWith('/dev/') || type === 'zfs' || type.startsWith('nfs'))
    .filter((mount) => mount.root === '/' && mount.device !== root?.device && mount.point !== '/')
    .map(({ point }) => point);
}

/** What is there of the critical list, and is neither an empty folder nor one in which only others are mounted. */
async function presentPaths(host: Host): Promise<readonly PresentPath[]> {
  const parents = unique(criticalPaths.map(({ pattern }) => pattern.slice(0, pattern.lastIndexOf('/'))));
  const range = ['-mindepth', '1', '-maxdepth', '1'];
  // A link is made anew by whoever made it; what it leads to is looked at by itself.
  const argv = ['find', ...parents, ...range, '!', '-type', 'l', '!', '-empty', '-printf', '%p\\0'] as const;
  const { stdout } = await host.exec({ argv }, { anyExit: true });
  const found = stdout
    .split('\0')
    .filter((path) => criticalPaths.some(({ pattern }) => matchesPattern(path, pattern)))
    .filter((path) => path !== '/var/lib/lost+found' && path !== '/home/lost+found')
    .toSorted();
  const points = (await host.mounts()).map(({ point }) => point);
  const present: PresentPath[] = [];
  for (const path of found) {
    const holdsMounts = points.some((point) => point.startsWith(`${path}/`));
    // oxlint-disable-next-line no-await-in-loop -- hardly any
    if (!holdsMounts || (await holdsFiles(host, path))) present.push({ path });
  }
  return present;
}

/** Of its own, beside what is mounted in it. */
async function holdsFiles(host: Host, path: string): Promise<boolean> {
  const argv = ['find', path, '-xdev', '!', '-type', 'd', '-print', '-quit'] as const;
  return (await host.exec({ argv }, { anyExit: true })).stdout !== '';
}

/** Users of a machine whose configuration is none of NixOS. */
function usersOfMachine(passwd: string, group: string): readonly BuiltUser[] {
  const mighty = group.split('\n').flatMap((line) => {
    const [name = '', , , members = ''] = line.split(':');
    return ['wheel', 'sudo', 'root'].includes(name) ? members.split(',') : [];
  });
  return passwd.split('\n').flatMap((line) => {
    const [name = '', , id = '', , , home = '', shell = ''] = line.split(':');
    if (name === '') return [];
    return [
      {
        name,
        home,
        mayLogIn: shell !== '' && !/(nologin|false|sync)$/.test(shell),
        becomesRoot: id === '0' || mighty.includes(name),
        hashInConfiguration: false,
        hashFile: undefined,
      },
    ];
  });
}
