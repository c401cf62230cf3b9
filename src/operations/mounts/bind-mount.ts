import { z } from 'zod';
import { StepError } from '../../errors.ts';
import {
  absolutePath,
  mountAt,
  operation,
  sh,
  type ActContext,
  type BootIdentity,
  type Command,
  type Host,
  type Mount,
} from '../../runbook/index.ts';
import { bindSource, provenSource, shows, type BindSource } from './bind-source.ts';
import { holdersOf, listHolders } from './mount-holders.ts';

const input = z
  .strictObject({
    from: absolutePath,
    to: absolutePath,
    readOnly: z.boolean().optional(),
    /** Keep out of `to` what is mounted within `from` later; where systemd runs it appears there otherwise. */
    private: z.boolean().optional(),
    expectUuid: z.string().min(1).optional(),
  })
  .refine(({ from, to }) => from === to || !from.startsWith(to === '/' ? to : `${to}/`), {
    error: '`from` must not lie within `to`, which will cover it',
  });
type Input = z.output<typeof input>;

export interface Captured extends BindSource {
  /** No bind mount outlives it. */
  readonly boot: BootIdentity;
  /** It was mounted before this step, which then has nothing to do and nothing to take back. */
  readonly already: boolean;
}

/**
 * Shows a folder in another place, until the next boot: `mount --bind`, never a second time over itself
 * and never over another mount. `from` and `to` may be the same folder, to make it read-only.
 *
 * Input: `from` and `to`, existing folders; `readOnly`; `private`; `expectUuid`, of the file system that holds
 * `from`. Output: the mount's id and what it shows.
 * @throws StepError `mount.occupied`, `mount.no-folder`, `mount.volatile`, `mount.wrong-disk`,
 *   `mount.no-uuid`; undo: `mount.busy` with the processes that hold it, `mount.not-ours`.
 */
export const bindMount = operation({
  operation: 'bind-mount',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }): Promise<Captured> => {
    const { device, root } = await provenSource(host, input.from, input.expectUuid);
    const already = await mountedThere(host, input.to, [{ device, root }]);
    if (already !== undefined && input.readOnly === true && !already.options.includes('ro')) {
      throw new StepError(
        'mount.occupied',
        `${input.from} is already mounted at ${input.to}, and not read-only`,
        `Unmount it first, or do without readOnly: umount ${input.to}`,
      );
    }
    return { device, root, boot: await host.boot(), already: already !== undefined };
  },
  output: z.object({ mount: z.number(), device: z.string(), root: z.string() }),
  probe: async ({ host, input, captured }) => {
    const there = await topMount(host, input.to);
    if (there === undefined || !(await inTheSameBoot(host, captured))) return 'not-started';
    if (!shows(there, captured)) {
      return {
        unknown: `${input.to} is a mount of ${there.root} on ${there.source}, which this step did not make`,
      };
    }
    if (input.readOnly === true && !there.options.includes('ro')) return 'partial';
    return { done: outputOf(there) };
  },
  idempotent: true,
  preview: async ({ host, input }) => {
    const { mount } = await provenSource(host, input.from, input.expectUuid);
    const points = (await host.mounts()).map(({ point }) => point);
    const covered = points.filter((point) => point.startsWith(`${input.to}/`));
    const summary = `${input.to} will show ${input.from} of ${mount.source} (${mount.type})`;
    return {
      summary: covered.length === 0 ? summary : `${summary}, and cover the mounts ${covered.join(', ')}`,
      facts: { source: mount.source, type: mount.type, covered },
    };
  },
  describe: ({ input }) => commandsFor(input),
  run: async (context) => {
    const { host, input } = context;
    const source = await provenSource(host, input.from, input.expectUuid);
    const [bind, ...remount] = commandsFor(input);
    // The probe looked too, and the world may have moved on: a second mount would hide the first.
    if ((await mountedThere(host, input.to, [source])) === undefined) await context.exec(bind);
    for (const command of remount) await context.exec(command);
    return outputOf(await mustShow(host, input, [source]));
  },
  verify: async ({ host, input, captured }) => {
    await provenSource(host, input.from, input.expectUuid);
    // Device numbers may change at a boot, so the captured ones count within theirs only.
    const now = await bindSource(host, input.from);
    const then = (await inTheSameBoot(host, captured)) ? [captured] : [];
    await mustShow(host, input, now === undefined ? then : [now, ...then]);
    const [from, to] = await Promise.all([inodeOf(host, input.from), inodeOf(host, input.to)]);
    if (from === to) return;
    throw new StepError(
      'mount.differs',
      `${input.to} (${to}) is not the folder ${input.from} (${from})`,
      'See findmnt for what is mounted there.',
    );
  },
  undoNeeds: [
    {
      name: 'the mount, used by nobody',
      // What holds it may be stopped by an earlier undo, and is no more there after a reboot.
      advisory: true,
      check: async ({ host, input, captured }) => {
        const there = await topMount(host, input.to);
        if (captured.already || there === undefined || !shows(there, captured)) return true;
        const holders = await holdersOf(host, there);
        return holders.length === 0 || `in use by ${listHolders(holders)}`;
      },
    },
  ],
  undo: {
    describe: ({ input }) => `unmount ${input.to}, where it is this step's mount`,
    run: unmount,
    breakGlass: ({ input: { to }, captured: { device, root, boot, already } }) =>
      already
        ? []
        : [
            {
              ...sh`umount -- ${to}`,
              only: [
                { is: 'same-boot', boot },
                { is: 'mounted', path: to, device, root },
              ],
            },
          ],
  },
});

function commandsFor({ from, to, readOnly, private: alone }: Input): readonly [Command, ...Command[]] {
  const bind = sh`mount --bind ${alone === true ? ['--make-private'] : []} -- ${from} ${to}`;
  return readOnly === true ? [bind, sh`mount -o remount,bind,ro -- ${to}`] : [bind];
}

async function inTheSameBoot(host: Host, { boot }: Captured): Promise<boolean> {
  const now = await host.boot();
  return (
    now.bootId === boot.bootId && now.initStart === boot.initStart && now.pidNamespace === boot.pidNamespace
  );
}

/** The mount, when it is there already. @throws StepError `mount.occupied` when another one is */
async function mountedThere(
  host: Host,
  to: string,
  sources: readonly BindSource[],
): Promise<Mount | undefined> {
  const there = mountAt(await host.mounts(), await folder(host, to));
  if (there === undefined || sources.some((source) => shows(there, source))) return there;
  throw new StepError(
    'mount.occupied',
    `${to} is already a mount point, of ${there.root} on ${there.source} (${there.type}); a mount over it would hide it`,
    `Unmount it first if that is meant: umount ${to}`,
  );
}

async function mustShow(host: Host, input: Input, sources: readonly BindSource[]): Promise<Mount> {
  const there = await topMount(host, input.to);
  if (there === undefined || !sources.some((source) => shows(there, source))) {
    throw new StepError(
      'mount.missing',
      `${input.from} is not mounted at ${input.to}`,
      `See: findmnt ${input.to}`,
    );
  }
  if (input.readOnly === true && !there.options.includes('ro')) {
    throw new StepError(
      'mount.writable',
      `${input.to} is mounted, and not read-only`,
      `See: findmnt ${input.to}`,
    );
  }
  return there;
}

async function unmount({
  host,
  input,
  captured,
  exec,
  log,
}: ActContext<unknown, unknown, Input, Captured>): Promise<void> {
  const there = await topMount(host, input.to);
  const nothing = (why: string) => log(`${input.to} is left as it is: ${why}`);
  if (captured.already) return nothing('it was mounted before this step');
  if (there === undefined) return nothing('nothing is mounted there');
  if (!(await inTheSameBoot(host, captured)))
    return nothing('the mount that this step made went at the last boot');
  if (!shows(there, captured)) {
    throw new StepError(
      'mount.not-ours',
      `${input.to} is a mount of ${there.root} on ${there.source}, and not the one that this step made`,
      'Find out who mounts it (fstab, a mount unit, a person), take that back, and go on.',
    );
  }
  const { exitCode, stderr } = await exec(sh`umount -- ${input.to}`, { anyExit: true });
  if (exitCode === 0) return;
  const inner = (await host.mounts())
    .filter(({ parent }) => parent === there.id)
    .map(({ point }) => `the mount ${point}`);
  const holders = await holdersOf(host, there);
  const held = [...inner, ...(holders.length === 0 ? [] : [listHolders(holders)])].join(', ');
  throw new StepError(
    held === '' ? 'mount.not-unmounted' : 'mount.busy',
    held === '' ? `${input.to} cannot be unmounted: ${stderr.trim()}` : `${input.to} is in use: ${held}`,
    'Stop what uses it and try again; what the running system lives on goes away by a reboot only.',
  );
}

async function topMount(host: Host, to: string): Promise<Mount | undefined> {
  const real = await host.files.realPath(to);
  return real === undefined ? undefined : mountAt(await host.mounts(), real);
}

async function folder(host: Host, to: string): Promise<string> {
  const real = await host.files.realPath(to);
  if (real !== undefined && (await host.files.stat(real))?.kind === 'folder') return real;
  throw new StepError(
    'mount.no-folder',
    `there is no folder ${to} to mount over`,
    `Create it: mkdir -p ${to}`,
  );
}

async function inodeOf(host: Host, path: string): Promise<string> {
  const real = await host.files.realPath(path);
  const found = real === undefined ? undefined : await host.files.stat(real);
  return found === undefined ? 'nothing' : `device ${found.device} inode ${found.inode}`;
}

function outputOf(mount: Mount): { mount: number; device: string; root: string } {
  return { mount: mount.id, device: mount.device, root: mount.root };
}
