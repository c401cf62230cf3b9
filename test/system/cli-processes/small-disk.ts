import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Place } from '../../cli-processes/place.ts';

/** A small ext4 of its own, mounted in the place; gone when the test ends. */
export interface SmallDisk {
  readonly folder: string;
  /** The file that takes the space. */
  readonly ballast: string;
  /** Takes all space that is left, to the last block. */
  fill(): void;
  empty(): void;
}

export function smallDisk(place: Place): SmallDisk {
  const image = join(place.folder, 'disk.img');
  const folder = join(place.folder, 'disk');
  mkdirSync(folder);
  execFileSync('truncate', ['-s', '8M', image]);
  // Nothing reserved, so that root finds it full as well.
  execFileSync('mkfs.ext4', ['-q', '-m', '0', '-b', '1024', image]);
  execFileSync('mount', ['-o', 'loop', image, folder]);
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  const ballast = join(folder, 'ballast');
  return {
    folder,
    ballast,
    fill: () => fillDisk(ballast),
    empty: () => rmSync(ballast, { force: true }),
  };
}

/** Writes a file until the last block of its disk is taken. */
export function fillDisk(ballast: string): void {
  const file = openSync(ballast, 'a');
  for (const size of [64 * 1024, 1024]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size, 'x'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(file);
  execFileSync('sync', ['-f', dirname(ballast)]);
}
