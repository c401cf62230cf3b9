import { posix } from 'node:path';
import { StepError } from '../../errors.ts';
import { mountOf, type ActContext, type Host } from '../../runbook/index.ts';
import { beneathMounts } from '../mounts/beneath-mounts.ts';
import { followPath, type Passed } from '../mounts/follow-path.ts';
import { fstabPaths } from '../mounts/fstab.ts';

/** One thing that a boot needs, by what leads to it. */
export interface BootNeed extends Passed {
  /** Such as `/sbin/init`, or `/etc/fstab names /mnt/x`. */
  readonly why: string;
  /** All that it holds is needed, too. */
  readonly whole: boolean;
}

export interface BootNeeds {
  readonly needs: readonly BootNeed[];
  /** Why the closure of the system cannot be told, where it lies in a Nix store. */
  readonly unknown: string | undefined;
}

// What the kernel, NixOS' first stage or the shim of WSL opens before anything is mounted.
const entries = ['/sbin/init', '/init', '/bin/sh', '/lib', '/lib64', '/nix/var/nix/profiles/system'];
const loaders = ['/boot', '/efi'];
const storePath = /^\/nix\/store\/[^/]+/;

/**
 * What the next boot needs: init, the system profile, the boot loader, what /etc/fstab names, and the
 * closure of what lies in a Nix store. All of it as seen before the mounts, where another init may stand
 * than the one that runs, and as seen now, since what fstab names may lie on a mounted disk.
 *
 * @throws StepError `beneath.cannot-look` where mounts cover the way and one may not look beneath them
 */
export async function bootNeeds(context: Pick<ActContext, 'exec' | 'run' | 'host'>): Promise<BootNeeds> {
  const { host } = context;
  const now = await needsUnder(host, '/');
  if (!(await isRoot(host)) || !(await isCovered(host, now))) return withClosure(host, '/', now);
  return beneathMounts(context, async (root) => {
    const beneath = await withClosure(host, root, await needsUnder(host, root));
    return { ...beneath, needs: [...beneath.needs, ...now] };
  });
}

/** What an ordinary user removes, no boot can need: it all belongs to root. */
async function isRoot(host: Host): Promise<boolean> {
  return (await host.exec({ argv: ['id', '-u'] })).stdout.trim() === '0';
}

/** Whether a mount covers anything on the way, so that a boot may see something else there. */
async function isCovered(host: Host, needs: readonly BootNeed[]): Promise<boolean> {
  const mounts = await host.mounts();
  return needs.some(({ path }) => (mountOf(mounts, path)?.point ?? '/') !== '/');
}

async function needsUnder(host: Host, root: string): Promise<readonly BootNeed[]> {
  const needs: BootNeed[] = [];
  const follow = async (path: string, why: string, whole = false) => {
    const { passed, end, whole: reached } = await followPath(host.files, root, path);
    // NixOS makes /etc anew out of its system at each boot, whatever generation it leads to now.
    const needed = why === '/etc/fstab' ? passed.filter((one) => !storePath.test(one.path)) : passed;
    needs.push(...needed.map((one) => ({ ...one, why, whole: whole && reached && one.path === end })));
    return reached ? end : undefined;
  };
  for (const entry of entries) await follow(entry, entry);
  for (const loader of loaders) await follow(loader, loader, true);
  const fstab = await follow('/etc/fstab', '/etc/fstab');
  const text = fstab === undefined ? undefined : await host.files.read(posix.join(root, fstab));
  const { sources, points } = fstabPaths(text ?? '');
  for (const path of [...sources, ...points].filter((one) => one !== '/'))
    await follow(path, `/etc/fstab names ${path}`);
  return needs;
}

async function withClosure(host: Host, root: string, needs: readonly BootNeed[]): Promise<BootNeeds> {
  const tops = [...new Set(needs.flatMap(({ path }) => storePath.exec(path)?.[0] ?? []))];
  if (tops.length === 0) return { needs, unknown: undefined };
  const argv = ['nix-store', '--query', '--requisites', ...tops] as [string, ...string[]];
  const asked = await host.exec({ argv }, { anyExit: true }).catch((thrown: unknown) => {
    if (thrown instanceof StepError) return { exitCode: null, stdout: '', stderr: thrown.message };
    throw thrown;
  });
  if (asked.exitCode !== 0) return { needs, unknown: asked.stderr.trim().split('\n').at(-1) ?? '' };
  const closure: BootNeed[] = [];
  for (const path of asked.stdout.split('\n').filter((line) => line.startsWith('/'))) {
    const stat = await host.files.stat(posix.join(root, path));
    if (stat === undefined) continue;
    const { device, inode } = stat;
    closure.push({ path, device, inode, why: 'the closure of the system that boots', whole: true });
  }
  return { needs: [...needs, ...closure], unknown: undefined };
}
