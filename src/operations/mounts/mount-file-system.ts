import { z } from 'zod';
import { StepError } from '../../errors.ts';
import {
  absolutePath,
  mountAt,
  operation,
  type BootIdentity,
  type Command,
  type Host,
  type Mount,
} from '../../runbook/index.ts';
import { fileSystemUuid, sameUuid } from './file-system-uuid.ts';
import { holdersOf, listHolders } from './mount-holders.ts';

const option = z.string().regex(/^[\w.=%+-]+$/, { error: 'expected one option of mount, such as noatime' });

const input = z.strictObject({
  /** Of the file system, as blkid prints it. */
  uuid: z.string().regex(/^[\w-]+$/),
  point: absolutePath,
  type: z.string().regex(/^[a-z0-9]+$/),
  options: z.array(option).readonly().optional(),
});
type Input = z.output<typeof input>;

interface Captured {
  /** No mount outlives it. */
  readonly boot: BootIdentity;
  /** It was mounted before this step, which then has nothing to take back. */
  readonly already: boolean;
}

/**
 * Mounts a file system by its UUID until the next boot, never over another mount and never twice.
 *
 * Input: `uuid`, `point` (made when it is not there), `type`, `options`. Output: the node that is mounted.
 * @throws StepError `mount.occupied`, `mount.missing`; undo: `mount.busy`
 */
export const mountFileSystem = operation({
  operation: 'mount-file-system',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input }): Promise<Captured> => ({
    boot: await host.boot(),
    already: (await mountedThere(host, input)) !== undefined,
  }),
  output: z.object({ source: z.string() }),
  probe: async ({ host, input }) => {
    const there = mountAt(await host.mounts(), input.point);
    if (there === undefined) return 'not-started';
    if (!(await isIt(host, there, input))) {
      return { unknown: `${input.point} is a mount of ${there.source}, and not of ${input.uuid}` };
    }
    return { done: { source: there.source } };
  },
  idempotent: true,
  describe: ({ input }) => commandsFor(input),
  run: async ({ host, input, exec }) => {
    if ((await mountedThere(host, input)) === undefined) {
      for (const command of commandsFor(input)) await exec(command);
    }
    const there = await mountedThere(host, input);
    if (there !== undefined) return { source: there.source };
    throw new StepError(
      'mount.missing',
      `${input.uuid} is not mounted at ${input.point}`,
      'See: findmnt, dmesg',
    );
  },
  undo: {
    describe: ({ input }) => `unmount ${input.point}, where it is this file system`,
    run: async ({ host, input, captured, exec, log }) => {
      const there = mountAt(await host.mounts(), input.point);
      if (captured.already || there === undefined || !(await isIt(host, there, input))) {
        log(`${input.point} is left as it is: it is not this step's mount`);
        return;
      }
      const { exitCode, stderr } = await exec({ argv: ['umount', '--', input.point] }, { anyExit: true });
      if (exitCode === 0) return;
      const holders = listHolders(await holdersOf(host, there));
      throw new StepError(
        'mount.busy',
        `${input.point} cannot be unmounted: ${holders === '' ? stderr.trim() : holders}`,
        'End what uses it, and go on.',
      );
    },
    breakGlass: ({ input, captured }) =>
      captured.already
        ? []
        : [
            {
              argv: ['umount', '--', input.point],
              only: [
                { is: 'same-boot', boot: captured.boot },
                { is: 'mount-point', path: input.point },
              ],
            },
          ],
  },
});

function commandsFor({ uuid, point, type, options = [] }: Input): readonly Command[] {
  const given = options.length === 0 ? [] : ['-o', options.join(',')];
  return [
    { argv: ['mkdir', '-p', '--', point] },
    { argv: ['mount', '-t', type, ...given, `/dev/disk/by-uuid/${uuid}`, point] },
  ];
}

/** @throws StepError `mount.occupied` when something else is mounted there */
async function mountedThere(host: Host, input: Input): Promise<Mount | undefined> {
  const there = mountAt(await host.mounts(), input.point);
  if (there === undefined || (await isIt(host, there, input))) return there;
  throw new StepError(
    'mount.occupied',
    `${input.point} is already a mount point, of ${there.source} (${there.type})`,
    `Unmount it first if that is meant: umount ${input.point}`,
  );
}

async function isIt(host: Host, mount: Mount, { uuid }: Input): Promise<boolean> {
  const found = await fileSystemUuid(host, mount);
  return found !== undefined && sameUuid(found, uuid);
}
