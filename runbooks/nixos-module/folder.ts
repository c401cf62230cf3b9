import { absolutePath, operation, z, type Host } from 'migrate-runbook';

/** Makes a folder and its parents. The undo removes those that were not there before and are empty again. */
export const makeFolder = operation({
  operation: 'make-folder',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ path: absolutePath }),
  capture: async ({ host, input }) => ({ missing: await missingFolders(host, input.path) }),
  probe: async ({ host, input }) =>
    (await host.files.stat(input.path))?.kind === 'folder' ? 'done' : 'not-started',
  idempotent: true,
  commands: ({ input, sh }) => [sh`mkdir -p ${input.path}`, sh`sync -f ${input.path}`],
  undo: ({ captured: { missing }, sh }) =>
    missing.length === 0
      ? []
      : // Not there is as good as removed.
        [sh.with({ ok: [0, 1] })`rmdir --ignore-fail-on-non-empty -- ${missing}`],
});

/** A folder and its parents, as far as they are not there: innermost first, as they are removed. */
export async function missingFolders(host: Host, path: string): Promise<readonly string[]> {
  if (path === '/' || path === '' || (await host.files.stat(path)) !== undefined) return [];
  return [path, ...(await missingFolders(host, path.slice(0, path.lastIndexOf('/'))))];
}
