import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readMounts } from '../host/mounts.ts';
import { hostCommand } from './command.ts';

/** Shows a folder of the host in the world at the same path, read-only, with what is mounted in it. */
export async function showReadOnly(root: string, path: string): Promise<void> {
  const point = join(root, path);
  mkdirSync(point, { recursive: true });
  await hostCommand('mount', '--rbind', path, point);
  const beneath = (await readMounts()).filter(
    (mount) => mount.point === point || mount.point.startsWith(`${point}/`),
  );
  for (const mount of beneath) {
    // The flags that a mount has already must be given again: in a user namespace none may be taken away.
    const kept = mount.options.filter((option) => /^(nosuid|nodev|noexec|relatime|noatime)$/.test(option));
    await hostCommand('mount', '-o', ['remount', 'bind', 'ro', ...kept].join(','), mount.point);
  }
}
