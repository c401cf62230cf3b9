import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { secondsOf, type Contender } from '../rounds.ts';
import type { Disks } from './disks.ts';

/** A way to copy a tree and to see that the copy is equal. */
interface Way {
  readonly name: string;
  readonly copy: readonly string[];
  readonly verify: readonly string[];
  readonly needs: string;
}

/** As people type them; ours in a process of its own, as they are. */
export function ways(from: string, to: string, manifest: string): readonly Way[] {
  const ours = (what: string) => [
    process.execPath,
    join(import.meta.dirname, 'ours.ts'),
    what,
    from,
    to,
    manifest,
  ];
  return [
    {
      name: '`rsync -aHAX`, `rsync -aHAXc -n`',
      copy: ['rsync', '-aHAX', `${from}/`, `${to}/`],
      verify: ['rsync', '-aHAXc', '-n', '-i', '--delete', `${from}/`, `${to}/`],
      needs: 'rsync',
    },
    { name: 'migrate', copy: ours('copy'), verify: ours('verify'), needs: 'rsync' },
    {
      name: '`cp -a`, `diff -r`',
      copy: ['cp', '-a', `${from}/.`, `${to}/`],
      verify: ['diff', '-r', '--no-dereference', from, to],
      needs: 'diff',
    },
    {
      name: '`tar` to `tar`, `diff -r`',
      copy: ['sh', '-c', 'tar -C "$0" -cf - . | tar -C "$1" -xpf -', from, to],
      verify: ['diff', '-r', '--no-dereference', from, to],
      needs: 'tar',
    },
    {
      name: '`rclone copy`, `rclone check` (loses hard links)',
      copy: ['rclone', 'copy', '--links', '--metadata', from, to],
      verify: ['rclone', 'check', '--links', from, to],
      needs: 'rclone',
    },
  ];
}

export type Part = 'both' | 'copy' | 'verify';

/** What counts of each way; with cold disks, memory is emptied before each of its two halves, off the clock. */
export function contenders(disks: Disks, from: string, cold: boolean, part: Part): Contender[] {
  const to = join(disks.target, 'copy');
  const manifest = join(disks.place, 'manifest');
  return ways(from, to, manifest)
    .filter(({ needs }) => isThere(needs))
    .map(({ name, copy, verify }) => ({
      name,
      async run() {
        disks.emptyTarget();
        mkdirSync(to);
        for (const end of ['', '.copylog', '.verifying']) rmSync(`${manifest}${end}`, { force: true });
        if (cold) disks.cool();
        else warm(from);
        const copying = await secondsOf(() => run(copy));
        if (cold) disks.cool();
        const verifying = await secondsOf(() => run(verify));
        return (part === 'verify' ? 0 : copying) + (part === 'copy' ? 0 : verifying);
      },
    }));
}

export function run([program = '', ...args]: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Into memory, as far as it holds it. */
export function warm(folder: string): void {
  execFileSync('sh', ['-c', 'tar -C "$0" -cf - . | cat >/dev/null', folder]);
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0" >/dev/null', program]).status === 0;
}
