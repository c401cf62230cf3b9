import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../../host/folder.ts';

export const needsRoot = process.getuid?.() !== 0;
if (needsRoot) console.log('tests on loop disks are skipped: they need root');

/** A small ext4 disk, mounted until the test ends. */
export function mountedDisk(): { point: string; uuid: string; unmount(): void; mount(): void } {
  const folder = temporaryFolder();
  const image = join(folder, 'disk');
  const point = join(folder, 'storage');
  const uuid = randomUUID();
  writeFileSync(image, '');
  truncateSync(image, 16 * 1024 * 1024);
  execFileSync('mkfs.ext4', ['-q', '-U', uuid, image]);
  mkdirSync(point);
  const mount = () => void execFileSync('mount', ['-o', 'loop', image, point]);
  const unmount = () => void execFileSync('umount', [point]);
  mount();
  onTestFinished(() => unmountAll(folder));
  return { point, uuid, mount, unmount };
}

/** Mounts that the test makes in a folder go when it ends, the last first. */
export function unmountAll(folder: string): void {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point === folder || point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) execFileSync('umount', [point]);
}
