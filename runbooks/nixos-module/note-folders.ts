import { absolutePath, operation, z } from 'migrate-runbook';
import { missingFolders } from './folder.ts';

/**
 * Notes which folders a configuration will bring along: activation takes its files out of /etc when it is switched
 * back, and leaves their folders; so do programs with theirs. The undo removes those that were not there before and
 * are empty, so let it come after the undo of the switch.
 */
export const noteFolders = operation({
  operation: 'note-folders',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ paths: z.array(absolutePath).min(1).readonly() }),
  capture: async ({ host, input }) => {
    const missing: string[] = [];
    for (const path of input.paths) missing.push(...(await missingFolders(host, path)));
    return { missing: [...new Set(missing)] };
  },
  idempotent: true,
  describe: ({ input }) => `note which of them are not there yet: ${input.paths.join(', ')}`,
  // The capture has noted them, before anything could make them.
  run: async () => {},
  undo: ({ captured: { missing }, sh }) =>
    missing.length === 0
      ? []
      : // Not there is as good as removed.
        [sh.with({ ok: [0, 1] })`rmdir --ignore-fail-on-non-empty -- ${missing}`],
});
