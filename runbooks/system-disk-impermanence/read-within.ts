import { posix } from 'node:path';
import type { Host } from 'migrate-runbook';
import { followPath } from 'migrate-runbook/operations';

/**
 * The text of a file as the system sees it whose root is mounted at `root`. NixOS links to its store by absolute paths,
 * which lead nowhere from an installer.
 */
export async function readWithin(host: Host, root: string, path: string): Promise<string | undefined> {
  const { whole, end } = await followPath(host.files, posix.join('/', root), path);
  return whole ? host.files.read(posix.join('/', root, end)) : undefined;
}
