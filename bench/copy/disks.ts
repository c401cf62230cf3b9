import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two disks of their own, ext4 in files behind loop devices. */
export interface Disks {
  /** Where their files lie. */
  readonly place: string;
  readonly source: string;
  readonly target: string;
  /** Forgets all that memory holds of both. */
  cool(): void;
  /** Forgets what memory holds of the target, and nothing of the source. */
  coolTarget(): void;
  /** Makes the target's disk anew. */
  emptyTarget(): void;
  remove(): void;
}

/** @param folder on a real disk; it takes up to twice `megabytes` */
export function makeDisks(folder: string, megabytes: number): Disks {
  const place = mkdtempSync(join(folder, 'migrate-bench-'));
  const points = { source: join(place, 'source'), target: join(place, 'target') };
  const image = (name: string) => join(place, `${name}.img`);
  const make = (name: 'source' | 'target') => {
    // A new file: the loop device of the old one may not be gone yet.
    rmSync(image(name), { force: true });
    writeFileSync(image(name), '');
    truncateSync(image(name), megabytes * 1024 * 1024);
    run('mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image(name));
    mkdirSync(points[name], { recursive: true });
  };
  const mount = (name: 'source' | 'target') => run('mount', '-o', 'loop', image(name), points[name]);
  for (const name of ['source', 'target'] as const) {
    make(name);
    mount(name);
  }
  return {
    place,
    ...points,
    cool() {
      for (const point of Object.values(points)) run('umount', point);
      run('sync');
      writeFileSync('/proc/sys/vm/drop_caches', '3');
      mount('source');
      mount('target');
    },
    coolTarget() {
      run('umount', points.target);
      mount('target');
    },
    emptyTarget() {
      run('umount', points.target);
      make('target');
      mount('target');
    },
    remove() {
      for (const point of Object.values(points)) run('umount', point);
      rmSync(place, { recursive: true });
    },
  };
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
