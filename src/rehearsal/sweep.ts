import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { layoutOf } from './layout.ts';
import { isAbandoned } from './owner.ts';
import { WorldError } from './world-error.ts';

export const worldPrefix = 'migrate-world-';
const loopLimitMs = 5_000;

/** Removes what killed supervisors left in `parent`: folders, since the kernel took the rest. */
export async function sweepWorlds(parent: string): Promise<readonly string[]> {
  const abandoned = readdirSync(parent)
    .filter((name) => name.startsWith(worldPrefix))
    .map((name) => join(parent, name))
    .filter((folder) => isAbandoned(layoutOf(folder).owner));
  for (const folder of abandoned) {
    await removeWorld(folder);
  }
  return abandoned;
}

/**
 * Removes a world's folder once its supervisor has ended, and sees that its loop devices are gone.
 *
 * @throws WorldError `world.left-behind` when the kernel still holds one after some seconds, or the folder cannot be removed.
 */
export async function removeWorld(folder: string): Promise<void> {
  await freeLoopDevices(folder);
  // A store's folders are read-only, and an overlay's own has no permissions at all.
  await execa('chmod', ['-R', 'u+rwX', '--', folder], { reject: false });
  const removal = await execa('rm', ['-rf', '--one-file-system', '--', folder], { reject: false });
  const left = loopDevicesOf(folder);
  if (!removal.failed && left.length === 0) return;
  throw new WorldError(
    'world.left-behind',
    removal.failed ? `cannot remove ${folder}: ${removal.stderr}` : `${left.join(', ')} is still held`,
    'See what holds it with: losetup -a; findmnt; fuser -vm',
  );
}

/** Waits for the kernel, which frees them a moment after their last user, and then helps. */
export async function freeLoopDevices(folder: string): Promise<void> {
  const deadline = performance.now() + loopLimitMs;
  while (loopDevicesOf(folder).length > 0 && performance.now() < deadline) await setTimeout(20);
  for (const device of loopDevicesOf(folder)) {
    await execa('losetup', ['--detach', device], { reject: false });
  }
}

/** Loop devices whose file lies, or lay, in the folder. */
export function loopDevicesOf(folder: string): readonly string[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .filter((name) => backingFile(name).startsWith(`${folder}/`))
    .map((name) => `/dev/${name}`);
}

function backingFile(loop: string): string {
  try {
    return readFileSync(`/sys/block/${loop}/loop/backing_file`, 'utf8');
  } catch {
    // It is free.
    return '';
  }
}
