import type { Command, Host } from 'migrate-runbook';
import { askWindows, asUtf8 } from '../wsl-mount-validation/windows.ts';
import type { Instance, Params } from './params.ts';

/** Instances that Windows does not know, or why nobody can tell. */
export async function unregistered(host: Host, p: Params): Promise<readonly string[] | string> {
  const answer = await askWindows(host, ['wsl.exe', '--list', '--quiet']);
  if (answer === undefined || answer.exitCode !== 0) {
    return `Windows programs cannot be called from here: ${answer?.text.trim() ?? 'there is no wsl.exe in PATH'}`;
  }
  const known = answer.text.split('\n').map((line) => line.trim());
  return p.instances.map(({ distribution }) => distribution).filter((name) => !known.includes(name));
}

/**
 * A command that runs a script within an instance. Arguments of `wsl.exe` pass through Windows, which takes quotes
 * and dollars for its own; so the script is a file on the disk that all of them see, and its arguments are plain words.
 */
export function within(
  { distribution }: Instance,
  user: string,
  script: string,
  ...args: readonly (string | number)[]
): Command {
  const words = args.map(String);
  if (![script, ...words].every((word) => /^[\w./:@-]+$/.test(word))) {
    throw new Error(`wsl.exe would not pass these on as they are: ${words.join(' ')}`);
  }
  return {
    argv: ['wsl.exe', '--distribution', distribution, '--user', user, '--exec', 'sh', script, ...words],
    env: asUtf8,
  };
}
