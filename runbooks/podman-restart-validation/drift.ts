import { operation, StepError, z, type Command } from 'migrate-runbook';
import { account, asUser, userctl } from './account.ts';
import { readUnitFile } from './unit-file.ts';

const input = z.strictObject({ account, path: z.string(), run: z.string() });
type Input = z.output<typeof input>;

/**
 * Puts a regular file in the place of a managed link, with the same unit in it and a comment that tells whose it is.
 * The undo puts the link back, where no link is by then.
 * @throws StepError `drift.no-link`
 */
export const plantDrift = operation({
  operation: 'plant-drift',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input: { path } }) => {
    const { kind, target } = await readUnitFile(host, path);
    const text = await host.files.read(path);
    if (kind !== 'link' || target === null || text === undefined) {
      throw new StepError('drift.no-link', `${path} is not a link to a unit`, 'Activate Home Manager first.');
    }
    return { target, text };
  },
  output: z.object({ target: z.string() }),
  probe: async ({ host, input, captured }) => {
    const { kind } = await readUnitFile(host, input.path);
    const isHalf = (await host.files.stat(halfOf(input))) !== undefined;
    // Also a link to a later generation, which somebody has activated since.
    if (kind === 'link') return isHalf ? 'partial' : 'not-started';
    const isOurs = (await host.files.read(input.path))?.includes(markOf(input)) === true;
    if (isOurs) return isHalf ? 'partial' : { done: { target: captured.target } };
    return { unknown: `${input.path} is what neither Home Manager nor this run has put there` };
  },
  idempotent: true,
  commands: ({ input, captured }) => [
    {
      argv: asUser(input.account, 'tee', '--', halfOf(input)),
      cwd: '/',
      input: `${captured.text}\n${markOf(input)}\n`,
    },
    { argv: asUser(input.account, 'mv', '-fT', '--', halfOf(input), input.path), cwd: '/' },
  ],
  result: ({ captured }) => ({ target: captured.target }),
  undo: ({ input, captured }) => linkAgain(input, captured.target),
});

/** The same as a step of its own: nothing where a link is there by then. */
export const removeDrift = operation({
  operation: 'remove-drift',
  version: 1,
  reversal: 'undo',
  input: input.extend({ target: z.string() }),
  idempotent: true,
  describe: ({ input: { path } }) => `make ${path} a link again, unless it is one`,
  run: async ({ host, exec, input: { target, ...rest } }) => {
    const { kind } = await readUnitFile(host, rest.path);
    const commands = linkAgain(rest, target);
    for (const command of kind === 'link' ? commands.slice(-1) : commands) await exec(command);
  },
  undo: () => [],
});

function linkAgain(input: Input, target: string): readonly Command[] {
  const { account, path } = input;
  return [
    { argv: asUser(account, 'rm', '-f', '--', halfOf(input)), cwd: '/' },
    { argv: asUser(account, 'ln', '-sfnT', '--', target, path), cwd: '/' },
    { argv: userctl(account, 'daemon-reload'), cwd: '/' },
  ];
}

const halfOf = ({ path, run }: Input): string => `${path}.${run}`;
const markOf = ({ run }: Input): string => `# A drift that ${run} has planted; it takes it back.`;
