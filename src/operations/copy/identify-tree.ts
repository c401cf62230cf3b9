import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { absolutePath, mountOf, operation } from '../../runbook/index.ts';
import { fileSystemUuid } from '../mounts/file-system-uuid.ts';

/**
 * Remembers which tree a path leads to, before anything is moved or mounted over it: `removeTree` deletes
 * this tree and no other, whatever the path leads to by then.
 *
 * Input: `path`. Output: device, inode, and the UUID of the file system where it can be read, since
 * device numbers may change at a boot.
 * @throws StepError `identify.no-folder`
 */
export const identifyTree = operation({
  operation: 'identify-tree',
  version: 1,
  reversal: 'readonly',
  input: z.strictObject({ path: absolutePath }),
  output: z.object({ device: z.string(), inode: z.string(), uuid: z.string().optional() }),
  idempotent: true,
  describe: ({ input }) => `read the device and the inode of ${input.path}`,
  run: async ({ host, input: { path } }) => {
    const stat = await host.files.stat(path);
    if (stat?.kind !== 'folder') {
      throw new StepError(
        'identify.no-folder',
        `${path} is no folder of its own`,
        'Give the folder itself, not a symlink to it.',
      );
    }
    const mount = mountOf(await host.mounts(), (await host.files.realPath(path)) ?? path);
    const uuid = mount === undefined ? undefined : await fileSystemUuid(host, mount);
    return { device: stat.device, inode: stat.inode, ...(uuid === undefined ? {} : { uuid }) };
  },
});
