import { absolutePath, operation, sh, StepError, z, type Command } from 'migrate-runbook';

const input = z.strictObject({
  from: absolutePath,
  to: absolutePath,
  /** Within the copy. */
  file: z.string(),
  /** The text that it holds once, and what becomes of it. */
  replace: z.strictObject({ from: z.string().min(1), to: z.string() }),
});
type Input = z.output<typeof input>;

/** Copies a flake and edits a file of the copy. It belongs to root, since Nix refuses a repository of somebody else. */
export const copyConfiguration = operation({
  operation: 'copy-configuration',
  version: 1,
  reversal: 'undo',
  input,
  idempotent: true,
  describe: ({ input }) => [...copying(input), `in ${input.to}/${input.file}, declare the dataset`],
  run: async ({ input, exec, host }) => {
    for (const command of copying(input)) await exec(command);
    const path = `${input.to}/${input.file}`;
    const [before, after, ...more] = ((await host.files.read(path)) ?? '').split(input.replace.from);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new StepError(
        'copy.not-once',
        `${path} does not hold the text once that is replaced`,
        'Somebody has edited the configuration meanwhile: roll back, and begin again.',
      );
    }
    await host.files.replace(path, `${before}${input.replace.to}${after}`);
  },
  undo: ({ input }) => [sh`rm -rf -- ${input.to}`],
});

function copying({ from, to }: Input): readonly Command[] {
  return [
    sh`rm -rf -- ${to}`,
    sh`mkdir -p -m 0700 ${to}`,
    sh`cp -a --no-preserve=ownership -- ${from}/. ${to}`,
  ];
}
