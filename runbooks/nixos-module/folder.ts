import { absolutePath, operation, z } from 'migrate-runbook';

/** Makes a folder. The undo removes it when it was not there before and is empty again. */
export const makeFolder = operation({
  operation: 'make-folder',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ path: absolutePath }),
  capture: async ({ host, input }) => ({ there: (await host.files.stat(input.path)) !== undefined }),
  probe: async ({ host, input }) =>
    (await host.files.stat(input.path))?.kind === 'folder' ? 'done' : 'not-started',
  idempotent: true,
  commands: ({ input, sh }) => [sh`mkdir -p ${input.path}`, sh`sync -f ${input.path}`],
  undo: ({ input, captured, sh }) =>
    captured.there
      ? []
      : // Not there is as good as removed.
        [sh.with({ ok: [0, 1] })`rmdir --ignore-fail-on-non-empty ${input.path}`],
});
