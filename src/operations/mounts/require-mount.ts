import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, mountAt, mountOf, operation, type Host, type Mount } from '../../runbook/index.ts';
import { fileSystemUuid, sameUuid } from './file-system-uuid.ts';

/**
 * Proves that a disk is where it is expected: the point is a mount point, and its file system has the
 * UUID. Nothing is remembered, so ask again before each write.
 *
 * @throws StepError `mount.absent` when the disk is not there, and the folder that lies beneath shows
 *   instead; `mount.wrong-disk` for another file system; `mount.no-uuid` when its UUID cannot be read.
 */
export async function requireMounted(
  host: Host,
  { point, uuid }: { readonly point: string; readonly uuid: string },
): Promise<Mount> {
  const mounts = await host.mounts();
  const real = (await host.files.realPath(point)) ?? point;
  const mount = mountAt(mounts, real);
  if (mount === undefined) {
    const beneath = mountOf(mounts, real);
    throw new StepError(
      'mount.absent',
      `${point} is not a mount point: what is written there lands on ${
        beneath === undefined ? 'another file system' : `the ${beneath.type} at ${beneath.point}`
      } beneath it`,
      `Attach the disk and mount its file system there: mount UUID=${uuid} ${point}`,
    );
  }
  const found = await fileSystemUuid(host, mount);
  if (found === undefined) {
    throw new StepError(
      'mount.no-uuid',
      `the UUID of the file system at ${point} cannot be read: it is ${mount.type} from ${mount.source}`,
      `Run this as root, so that it may read the disk; a ${mount.type} without a UUID does not serve here.`,
    );
  }
  if (!sameUuid(found, uuid)) {
    throw new StepError(
      'mount.wrong-disk',
      `at ${point} the file system ${found} of ${mount.source} is mounted, and ${uuid} is expected`,
      `Mount the right one, or correct the expected UUID. Those that are there: blkid`,
    );
  }
  return mount;
}

/**
 * A step that stops a run unless the right disk is mounted.
 *
 * Input: `point`; `uuid` of the file system; `writable: true` to demand that it may be written.
 * Output: what is mounted. Errors: those of `requireMounted`, and `mount.read-only`.
 */
export const requireMount = operation({
  operation: 'require-mount',
  version: 1,
  reversal: 'readonly',
  input: z.strictObject({ point: absolutePath, uuid: z.string().min(1), writable: z.boolean().optional() }),
  output: z.object({ device: z.string(), source: z.string(), type: z.string(), readOnly: z.boolean() }),
  idempotent: true,
  preview: async ({ host, input }) => {
    const mount = await requireMounted(host, input);
    return {
      summary: `${input.point} is ${mount.source} (${mount.type})`,
      facts: { source: mount.source, type: mount.type },
    };
  },
  describe: ({ input }) => `check that ${input.point} is a mount point of the file system ${input.uuid}`,
  run: async ({ host, input }) => {
    const mount = await requireMounted(host, input);
    const readOnly = mount.options.includes('ro');
    if (readOnly && input.writable === true) {
      throw new StepError(
        'mount.read-only',
        `${input.point} is mounted read-only, from ${mount.source}`,
        'A file system that found damage turns read-only: see dmesg before you mount it for writing again.',
      );
    }
    return { device: mount.device, source: mount.source, type: mount.type, readOnly };
  },
});
