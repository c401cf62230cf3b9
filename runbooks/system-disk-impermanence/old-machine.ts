import { mountOfPath } from './mount-of-path.ts';
import { type Finding, type Host, StepError, z } from 'migrate-runbook';
import { fileSystemUuid, findDisk } from 'migrate-runbook/operations';
import { bootEntry } from './built-system.ts';
import { inventoryOf, type Params } from './params.ts';

/** What is known of the old machine before it is shut down, to hold the new one against. */
export const oldMachine = z.object({
  rootUuid: z.string(),
  bytes: z.number(),
  machineId: z.string(),
  /** Of SSH keys, by path: what `ssh-keygen -l` says. */
  fingerprints: z.record(z.string(), z.string()),
  /** SHA-256 of the browsers' databases of bookmarks, by path. */
  bookmarks: z.record(z.string(), z.string()),
});
export type OldMachine = z.output<typeof oldMachine>;

/** @throws StepError `old.not-the-root` when the machine does not run from that disk */
export async function lookAtOldMachine(host: Host, p: Params): Promise<OldMachine> {
  const disk = await findDisk(host, p.oldDisk);
  const root = mountOfPath(await host.mounts(), '/');
  const devices = [disk, ...disk.children.flatMap((part) => [part, ...part.children])];
  const uuid = root === undefined ? undefined : await fileSystemUuid(host, root);
  if (root === undefined || uuid === undefined || !devices.some(({ device }) => device === root.device)) {
    throw new StepError(
      'old.not-the-root',
      `this machine does not run from the disk ${p.oldDisk}: its root is ${root?.source ?? 'nothing'}`,
      'Give oldDisk the serial number of the disk that it boots from now: lsblk --output NAME,SERIAL,MOUNTPOINTS',
    );
  }
  return {
    rootUuid: uuid,
    bytes: disk.bytes,
    machineId: ((await host.files.read('/etc/machine-id')) ?? '').trim(),
    fingerprints: await sshFingerprints(host, p),
    bookmarks: await bookmarkHashes(host, p),
  };
}

/** Of the keys that lie on the machine, not of those that an agent happens to hold. */
export async function sshFingerprints(host: Host, p: Params): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const folder of ['/etc/ssh', `/home/${p.user}/.ssh`]) {
    for (const name of (await host.files.list(folder)) ?? []) {
      if (!name.endsWith('.pub')) continue;
      const path = `${folder}/${name}`;
      const argv = ['ssh-keygen', '-l', '-f', path] as const;
      const { stdout, exitCode } = await host.exec({ argv }, { anyExit: true });
      if (exitCode === 0) found[path] = stdout.trim();
    }
  }
  return found;
}

/** Of Firefox and its kin; a profile that was not opened since holds the same bytes. */
export async function bookmarkHashes(host: Host, p: Params): Promise<Record<string, string>> {
  const home = `/home/${p.user}`;
  const folders = [`${home}/.mozilla/firefox`, `${home}/.zen`];
  const found = await host.exec(
    { argv: ['find', ...folders, '-maxdepth', '2', '-name', 'places.sqlite'] },
    { anyExit: true },
  );
  const files = found.stdout.split('\n').filter((path) => path !== '');
  if (files.length === 0) return {};
  const { stdout } = await host.exec({ argv: ['sha256sum', ...files] });
  return Object.fromEntries(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
}

/** Whether what boots now would boot again from the old disk. */
export async function knownGood(host: Host, p: Params): Promise<Finding> {
  const booted = await host.files.realPath('/run/booted-system');
  const entry = await bootEntry(host, p.espMount, '');
  if (entry === undefined)
    return { verdict: 'FAIL', observed: `the boot loader at ${p.espMount} has no default entry` };
  if (entry.missing.length > 0) {
    return {
      verdict: 'FAIL',
      observed: `${entry.entry} names what is not there: ${entry.missing.join(', ')}`,
    };
  }
  const init = `${booted ?? ''}/init`;
  if (entry.init === init) return { verdict: 'PASS', observed: `${entry.entry} boots the system that runs` };
  return { verdict: 'PARTIAL', observed: `${entry.entry} boots ${entry.init}, and ${init} runs now` };
}

/** Whether the state of the run will be at hand when the machine runs from a stick. */
export async function stateTravels(host: Host, p: Params, folder: string): Promise<Finding> {
  const disk = await findDisk(host, p.oldDisk);
  const mount = mountOfPath(await host.mounts(), folder);
  const onOld = [disk, ...disk.children.flatMap((part) => [part, ...part.children])].some(
    ({ device }) => device === mount?.device,
  );
  if (!onOld) return { verdict: 'PASS', observed: `it lies on ${mount?.source ?? 'another disk'}` };
  return {
    verdict: 'FAIL',
    observed: `it lies on the old disk, which is left alone from the shutdown on; move it to a stick: migrate state move /mnt/STICK/migrate, then migrate resume --state-dir /mnt/STICK/migrate`,
  };
}

/** What of the inventory is there to be moved. */
export async function presentEntries(host: Host, p: Params, root: string) {
  const { system, homes } = inventoryOf(p);
  const all = [
    ...system.map((entry) => ({ ...entry, from: `${root}${entry.path}`, home: undefined })),
    ...homes.flatMap(({ user, entries }) =>
      entries.map((entry) => ({ ...entry, from: `${root}/home/${user}/${entry.path}`, home: user })),
    ),
  ];
  const there = await Promise.all(all.map(async ({ from }) => (await host.files.stat(from)) !== undefined));
  return all.map((entry, index) => ({ ...entry, there: there[index] === true }));
}
