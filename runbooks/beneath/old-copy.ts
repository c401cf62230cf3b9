import { absolutePath, operation, z } from 'migrate-runbook';

const input = z.strictObject({ folder: absolutePath });

/** A folder in which the old copy can be shown, for a moment. */
export const placeForOldCopy = operation({
  operation: 'place-for-old-copy',
  version: 1,
  reversal: 'undo',
  input,
  probe: async ({ host, input: { folder } }) =>
    (await host.files.stat(folder)) === undefined ? 'not-started' : 'done',
  idempotent: true,
  commands: ({ input, sh }) => [sh`mkdir -p ${input.folder}`],
  // 1: it is not there (any more), as after a boot.
  undo: ({ input, sh }) => [sh.with({ ok: [0, 1] })`rmdir --ignore-fail-on-non-empty ${input.folder}`],
});

/** Takes that folder away again, with what is mounted there. */
export const leaveOldCopy = operation({
  operation: 'leave-old-copy',
  version: 1,
  reversal: 'undo',
  input,
  probe: async ({ host, input: { folder } }) =>
    (await host.files.stat(folder)) === undefined ? 'done' : 'not-started',
  idempotent: true,
  commands: ({ input, sh }) => [
    // 32: it is not mounted (any more).
    sh.with({ ok: [0, 32] })`umount ${input.folder}`,
    sh`rmdir ${input.folder}`,
  ],
  undo: () => [],
});
