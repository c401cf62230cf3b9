import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './nspawn.ts';

export const filesInWorld = 12;

/** A small tree to be copied, and a link that stands for what the machine boots. */
export function makeWorld(machine: Machine, world: string): void {
  const source = join(machine.root, world, 'source');
  mkdirSync(source, { recursive: true });
  for (let number = 0; number < filesInWorld; number += 1) {
    writeFileSync(join(source, `file-${number}`), Buffer.alloc(32 * 1024, number));
  }
  symlinkSync('old', join(machine.root, world, 'boots'));
}

/** Everything in a folder of the machine, with its content. */
export function treeOf(machine: Machine, world: string): string {
  const command = "find . -printf '%P %y %m %s %l\\n' | sort; find . -type f | sort | xargs sha256sum";
  return execFileSync('sh', ['-c', command], { cwd: join(machine.root, world), encoding: 'utf8' });
}

/** Whole files in a folder of the machine; what rsync is at has a name with a dot. */
export function filesIn(machine: Machine, folder: string): number {
  try {
    return readdirSync(join(machine.root, folder)).filter((name) => !name.startsWith('.')).length;
  } catch {
    return 0;
  }
}
