import { execa } from 'execa';
import { WorldError } from './world-error.ts';

/**
 * Runs a program of the host for the world's sake, and gives what it printed.
 *
 * @throws WorldError `world.command` when it fails, with what it said.
 */
export function hostCommand(program: string, ...args: readonly string[]): Promise<string> {
  return hostCommandIn('/', program, ...args);
}

/** The same, in a folder. */
export async function hostCommandIn(
  folder: string,
  program: string,
  ...args: readonly string[]
): Promise<string> {
  const result = await execa(program, args, { cwd: folder, reject: false, stdin: 'ignore' });
  if (!result.failed) return result.stdout;
  throw new WorldError(
    'world.command',
    `${[program, ...args].join(' ')} failed${result.stderr ? `: ${result.stderr}` : ` (${result.shortMessage})`}`,
    result.code === 'ENOENT' ? `Install ${program}, or see that it is in PATH.` : undefined,
  );
}
