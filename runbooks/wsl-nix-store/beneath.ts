import type { Command } from 'migrate-runbook';

/** Where, for a command of `beneath`, the root file system stands without anything mounted on it. */
export const beneathRoot = '/mnt';

/**
 * A command that sees the root file system without what is mounted on it, at `beneathRoot`. It has a
 * mount namespace to itself: nothing is left behind, whenever it ends, and nobody else sees it. The
 * bind mount is not recursive, which is the whole point.
 *
 * The shell's text is constant; the command is passed to it as arguments and never read by it.
 */
export function beneath(command: Command): Command {
  const inside = ['sh', '-c', `mount --bind / ${beneathRoot} && exec "$@"`, 'beneath', ...command.argv];
  return { ...command, argv: ['unshare', '--mount', '--propagation', 'private', ...inside] };
}
