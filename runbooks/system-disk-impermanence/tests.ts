import type { Finding, Host } from 'migrate-runbook';
import { findDisk } from 'migrate-runbook/operations';
import { mountOfPath } from './mount-of-path.ts';
import { bookmarkHashes, presentEntries, sshFingerprints, type OldMachine } from './old-machine.ts';
import type { Identities, Params } from './params.ts';

// The tests after the migration, each with the verdict that it gives.

export async function rootInMemory(host: Host, p: Params): Promise<Finding> {
  const root = mountOfPath(await host.mounts(), '/');
  const options = root?.options.join(',') ?? '';
  if (root?.type !== 'tmpfs')
    return { verdict: 'FAIL', observed: `the root is ${root?.type ?? 'nothing'} of ${root?.source}` };
  const mode = (await host.files.stat('/'))?.mode;
  const size = (await host.files.space('/')).total;
  const wanted = Number(p.rootSize.slice(0, -1)) * 2 ** (p.rootSize.endsWith('G') ? 30 : 20);
  if (size !== wanted)
    return {
      verdict: 'FAIL',
      observed: `the root is a tmpfs of ${size} bytes, not of ${p.rootSize}: ${options}`,
    };
  if (mode !== 0o755)
    return { verdict: 'FAIL', observed: `the root is a tmpfs of mode ${mode?.toString(8)}, not 755` };
  return { verdict: 'PASS', observed: `a tmpfs of ${p.rootSize}, mode 755` };
}

/** Each entry of the inventory that was there is shown from /persist. */
export async function persistMounted(host: Host, p: Params, ids: Identities): Promise<Finding> {
  const mounts = await host.mounts();
  const persist = mountOfPath(mounts, '/persist');
  const node = await host.files.realPath(`/dev/disk/by-uuid/${ids.persist}`);
  if (persist?.point !== '/persist' || persist.source !== node) {
    return {
      verdict: 'FAIL',
      observed: `/persist is ${persist?.source ?? 'nothing'}, not the new ${node ?? ids.persist}`,
    };
  }
  const entries = await presentEntries(host, p, '');
  const kept = await presentEntries(host, p, '/persist/system');
  const lost: string[] = [];
  let shown = 0;
  for (const [index, { from, home, path }] of entries.entries()) {
    const stored = home === undefined ? kept[index]?.from : `/persist/home/${home}/${path}`;
    if (stored === undefined || (await host.files.stat(stored)) === undefined) continue;
    const [here, there] = [await host.files.stat(from), await host.files.stat(stored)];
    if (here?.inode === there?.inode && here?.device === there?.device) shown += 1;
    else lost.push(from);
  }
  if (lost.length > 0) return { verdict: 'FAIL', observed: `not shown from /persist: ${lost.join(', ')}` };
  return { verdict: 'PASS', observed: `${shown} paths are shown from /persist` };
}

export async function markersAre(
  host: Host,
  markers: { readonly kept: string; readonly lost: string; readonly text: string },
  which: 'kept' | 'lost',
): Promise<Finding> {
  const found = await host.files.read(markers[which]);
  if (which === 'kept') {
    return found === markers.text
      ? { verdict: 'PASS', observed: `${markers.kept} has outlived the reboot` }
      : { verdict: 'FAIL', observed: `${markers.kept} is ${found === undefined ? 'gone' : 'another file'}` };
  }
  return found === undefined
    ? { verdict: 'PASS', observed: `${markers.lost}, which nothing declares, is gone` }
    : {
        verdict: 'FAIL',
        observed: `${markers.lost} has outlived the reboot: the root is not empty at each boot`,
      };
}

export async function dockerWorks(host: Host, p: Params): Promise<Finding> {
  const [program, ...args] = p.dockerTest;
  if (program === undefined)
    return { verdict: 'BLOCKED', observed: 'no command is given to test it with: dockerTest' };
  try {
    const { stdout, stderr, exitCode } = await host.exec({ argv: [program, ...args] }, { anyExit: true });
    const said = (exitCode === 0 ? stdout : stderr).trim().split('\n')[0] ?? '';
    return { verdict: exitCode === 0 ? 'PASS' : 'FAIL', observed: `exit ${exitCode}: ${said}` };
  } catch (thrown) {
    return { verdict: 'BLOCKED', observed: `${program} is not installed: ${(thrown as Error).message}` };
  }
}

/** The very keys that the old machine had, by their files: an agent shows what it was given, wherever it lies. */
export async function sshKeysIntact(host: Host, p: Params, before: OldMachine): Promise<Finding> {
  const now = await sshFingerprints(host, p);
  const paths = Object.keys(before.fingerprints);
  const wrong = paths.filter((path) => now[path] !== before.fingerprints[path]);
  if (paths.length === 0) return { verdict: 'BLOCKED', observed: 'the old machine had no SSH keys' };
  if (wrong.length === 0)
    return { verdict: 'PASS', observed: `${paths.length} keys have the fingerprints that they had` };
  return {
    verdict: 'FAIL',
    observed: wrong
      .map((path) => `${path} is ${now[path] === undefined ? 'gone' : 'another key'}`)
      .join('; '),
  };
}

export async function browserProfile(host: Host, p: Params, before: OldMachine): Promise<Finding> {
  const now = await bookmarkHashes(host, p);
  const paths = Object.keys(before.bookmarks);
  if (paths.length === 0)
    return { verdict: 'BLOCKED', observed: 'the old machine had no profile of Firefox or Zen' };
  const gone = paths.filter((path) => now[path] === undefined);
  if (gone.length > 0) return { verdict: 'FAIL', observed: `gone: ${gone.join(', ')}` };
  const changed = paths.filter((path) => now[path] !== before.bookmarks[path]);
  if (changed.length === 0)
    return { verdict: 'PASS', observed: `${paths.length} profiles with the bookmarks that they had` };
  return {
    verdict: 'PARTIAL',
    observed: `the bookmarks were written since, as opening the browser does: ${changed.join(', ')}; open it and look`,
  };
}

/** Percent of the root in memory that is in use; true while it is within the limit, else why not. */
export async function rootUse(host: Host, limit: number): Promise<true | string> {
  const { total, freeForRoot } = await host.files.space('/');
  const used = Math.round(((total - freeForRoot) / total) * 100);
  return (
    used <= limit ||
    `${used} % of the root in memory is in use, and ${limit} is the limit: find what fills it with du -x /`
  );
}

/** After each boot: from the new disk, with the root in memory, by the identity that the machine always had. */
export async function bootedFromNew(
  host: Host,
  p: Params,
  ids: Identities,
  given: { serial: string; machineId: string },
): Promise<Finding> {
  const root = await rootInMemory(host, p);
  if (root.verdict !== 'PASS') return root;
  const disk = await findDisk(host, given.serial);
  const nix = mountOfPath(await host.mounts(), '/nix');
  if (!disk.children.some(({ device }) => device === nix?.device)) {
    return {
      verdict: 'FAIL',
      observed: `/nix is ${nix?.source ?? 'nothing'}, which is not on the disk ${given.serial}`,
    };
  }
  const id = (await host.files.read('/etc/machine-id'))?.trim();
  if (id !== given.machineId)
    return { verdict: 'FAIL', observed: `the machine-id is ${id ?? 'gone'}, and was ${given.machineId}` };
  const mounted = await persistMounted(host, p, ids);
  return mounted.verdict === 'PASS'
    ? { verdict: 'PASS', observed: `${root.observed}; /nix on ${disk.path}; ${mounted.observed}` }
    : mounted;
}
