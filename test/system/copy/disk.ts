import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../../copy/folder.ts';
import { unmountAll } from '../operations/loop-disk.ts';

export { needsRoot } from '../operations/loop-disk.ts';

export interface Disk {
  readonly point: string;
  readonly uuid: string;
  readonly image: string;
  mount(): void;
  unmount(...options: string[]): void;
}

/** A disk of its own, mounted until the test ends. */
export function disk({
  megabytes = 96,
  type = 'ext4',
}: { megabytes?: number; type?: 'ext4' | 'xfs' } = {}): Disk {
  const folder = temporaryFolder();
  const [image, point, uuid] = [join(folder, 'image'), join(folder, 'disk'), randomUUID()];
  writeFileSync(image, '');
  truncateSync(image, megabytes * 1024 * 1024);
  const make = type === 'ext4' ? ['mkfs.ext4', '-q', '-U', uuid] : ['mkfs.xfs', '-q', '-m', `uuid=${uuid}`];
  execFileSync(make[0] ?? '', [...make.slice(1), image]);
  mkdirSync(point);
  const mount = () => void execFileSync('mount', ['-o', 'loop', image, point]);
  mount();
  onTestFinished(() => unmountAll(folder));
  return {
    point,
    uuid,
    image,
    mount,
    unmount: (...options) => void execFileSync('umount', [...options, point]),
  };
}
