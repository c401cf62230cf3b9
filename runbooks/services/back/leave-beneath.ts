import { posix } from 'node:path';
import { absolutePath, operation, z } from 'migrate-runbook';

/**
 * Lets go of a folder that showed what lies beneath a mount. Its undo shows it again, since what was copied there
 * can be taken back nowhere else.
 */
export const leaveBeneath = operation({
  operation: 'leave-beneath',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({
    /** The folder that is shown. */
    of: absolutePath,
    at: absolutePath,
  }),
  probe: async ({ host, input }) =>
    (await host.mounts()).some(({ point }) => point === input.at) ? 'not-started' : 'done',
  idempotent: true,
  commands: ({ input, sh }) => [
    // 32: it is not mounted (any more), as after a boot; 1: and the folder is gone.
    sh.with({ ok: [0, 32] })`umount -- ${input.at}`,
    sh.with({ ok: [0, 1] })`rmdir -- ${input.at}`,
  ],
  undo: ({ input, sh }) => [
    sh`mkdir -p -- ${input.at}`,
    sh`mount --bind --make-private -- ${posix.normalize(input.of)} ${input.at}`,
  ],
});
