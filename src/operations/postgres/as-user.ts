import type { Command } from '../../runbook/index.ts';

/**
 * What the operator's shell may hold and the server's service does not: it would make a proof see other
 * credentials, or another server, than those that are given.
 */
const foreign = [
  ...['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN', 'PROFILE', 'CA_BUNDLE'].map(
    (name) => `AWS_${name}`,
  ),
  ...['HOST', 'PORT', 'USER', 'DATABASE', 'PASSWORD', 'SERVICE', 'OPTIONS'].map((name) => `PG${name}`),
];

/**
 * A command as the system user of the server, with the user's own groups, from a folder that it may enter.
 * Its messages are in English, since they are read.
 *
 * @param env names of files and the like; whoever lists the processes can read it, so no secrets
 */
export function asUser(
  user: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Command {
  const given = Object.entries({ LC_ALL: 'C', ...env }).map(([name, value]) => `${name}=${value}`);
  return {
    argv: [...become(user), 'env', ...foreign.flatMap((name) => ['-u', name]), ...given, ...argv],
    cwd: '/',
  };
}

/**
 * What stands before a command that is another user's, with its primary group and all others: by `chroot`
 * to where it is already, since `setpriv` must be told the group, which need not bear the user's name.
 */
export function become(user: string): readonly [string, ...string[]] {
  return ['chroot', `--userspec=${user}:`, '/'];
}
