import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compiledOnce } from './compiled.ts';

/** A way to copy a tree, and then to see that the copy is equal. */
export interface Way {
  readonly name: string;
  readonly isHere: boolean;
  /** A new attempt, with its program started where one does both. */
  readonly begin: () => Attempt;
}

export interface Attempt {
  readonly copy: () => void | Promise<void>;
  readonly verify: () => void | Promise<void>;
  /** Ends whatever still runs, at once. */
  readonly end: () => void | Promise<void>;
}

/** What administrators type, first, and ours. */
export function ways(from: string, to: string, manifest: string): readonly Way[] {
  return [
    typed(
      byHand,
      'rsync',
      ['rsync', '-aHAX', `${from}/`, `${to}/`],
      ['rsync', '-aHAXc', '-n', '-i', '--delete', `${from}/`, `${to}/`],
    ),
    { name: 'migrate', isHere: isThere('rsync'), begin: () => beginOurs(from, to, manifest) },
    typed(
      '`cp -a`, `diff -r`',
      'diff',
      ['cp', '-a', `${from}/.`, `${to}/`],
      ['diff', '-r', '--no-dereference', from, to],
    ),
    typed(
      '`tar` to `tar`, `diff -r`',
      'tar',
      ['sh', '-c', 'tar -C "$0" -cf - . | tar -C "$1" -xpf -', from, to],
      ['diff', '-r', '--no-dereference', from, to],
    ),
    typed(
      '`rclone copy`, `rclone check` (loses hard links)',
      'rclone',
      ['rclone', 'copy', '--links', '--metadata', from, to],
      ['rclone', 'check', '--links', from, to],
    ),
  ];
}

export const byHand = '`rsync -aHAX`, `rsync -aHAXc -n`';

function typed(name: string, needs: string, copy: readonly string[], verify: readonly string[]): Way {
  return {
    name,
    isHere: isThere(needs),
    begin: () => ({ copy: () => run(copy), verify: () => run(verify), end: () => {} }),
  };
}

/** @returns also what looks whether there is anything to do, as a resume does */
export function beginOurs(
  from: string,
  to: string,
  manifest: string,
): Attempt & { readonly probe: () => Promise<void> } {
  const program = join(import.meta.dirname, 'ours.ts');
  const child = spawn(process.execPath, [program, from, to, manifest, compiledOnce()], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const lines = createInterface({ input: child.stdout });
  const part = async (name: string) => {
    child.stdin.write(`${name}\n`);
    const [said] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown];
    if (said !== name) throw new Error(`it ended with ${String(said)}`);
  };
  return {
    copy: () => part('copy'),
    verify: () => part('verify'),
    probe: () => part('probe'),
    end: async () => {
      if (child.pid === undefined || child.exitCode !== null) return;
      // With its children: rsync goes on for a while without.
      process.kill(-child.pid, 'SIGKILL');
      await once(child, 'exit');
    },
  };
}

export function run([program = '', ...args]: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0" >/dev/null', program]).status === 0;
}
