import { operation, z } from 'migrate-runbook';

/**
 * Makes a new file known to the flake's git repository: Nix does not see what git does not know. Its
 * content is not added, and nothing is done where the flake is no repository.
 */
export const trackFile = operation({
  operation: 'track-file',
  version: 1,
  reversal: 'undo',
  input: z.strictObject({ flake: z.string(), file: z.string() }),
  capture: async ({ input, $ }) => {
    const { exitCode } = await $.anyExit`git -C ${input.flake} rev-parse --git-dir`;
    return { repository: exitCode === 0 };
  },
  probe: async ({ input, captured, $ }) => {
    if (!captured.repository) return 'done';
    const { exitCode } = await $.anyExit`git -C ${input.flake} ls-files --error-unmatch -- ${input.file}`;
    return exitCode === 0 ? 'done' : 'not-started';
  },
  idempotent: true,
  commands: ({ input, captured, sh }) =>
    captured.repository ? [sh`git -C ${input.flake} add --intent-to-add -- ${input.file}`] : [],
  undo: ({ input, captured, sh }) =>
    captured.repository
      ? [sh`git -C ${input.flake} rm --cached --quiet --ignore-unmatch -- ${input.file}`]
      : [],
});
