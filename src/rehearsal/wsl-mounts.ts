import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostCommand } from './command.ts';

/**
 * `/mnt/wsl` as WSL has it: a tmpfs that all distributions share. What is mounted in it stays when one
 * distribution is terminated, and goes with the virtual machine.
 */
export const wslMounts = '/mnt/wsl';

export async function mountWslMounts(root: string): Promise<void> {
  const point = join(root, wslMounts);
  mkdirSync(point, { recursive: true });
  await hostCommand('mount', '-t', 'tmpfs', '-o', 'mode=755', 'none', point);
  // Each boot's mount namespace becomes a peer of the supervisor's, which is the one that lasts.
  await hostCommand('mount', '--make-shared', point);
}

export async function dropWslMounts(root: string): Promise<void> {
  const point = join(root, wslMounts);
  if (existsSync(point)) await hostCommand('umount', '--recursive', point);
}
