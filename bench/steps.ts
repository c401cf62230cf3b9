import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeFor } from './many-steps.ts';
import { secondsOf, takeTurns } from './rounds.ts';
import type { Result } from './table.ts';

const steps = 200;

/** How long many steps of one command each take, beside what else runs commands in order and keeps a record. */
export async function benchSteps(folder: string, rounds: number): Promise<Result> {
  const place = placeFor(folder, steps, 'commands: ({ sh }: any) => [sh`true`]');
  const scratch = mkdtempSync(join(tmpdir(), 'migrate-bench-'));
  const playbook = join(scratch, 'playbook.yml');
  const tasks = Array.from({ length: steps }, () => '    - ansible.builtin.command: "true"').join('\n');
  writeFileSync(
    playbook,
    `- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n${tasks}\n`,
  );
  const other = (name: string, ...argv: string[]) => ({
    name,
    run: () =>
      secondsOf(() =>
        execFileSync(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'ignore', 'inherit'], cwd: scratch }),
      ),
    program: argv[0] ?? '',
  });
  try {
    const others = [
      other('`parallel -j1 --joblog`', 'sh', '-c', `seq ${steps} | parallel -j1 --joblog log true`),
      other('`ansible-playbook`', 'ansible-playbook', '-i', 'localhost,', playbook),
    ].filter(({ name }) => isThere(name.replaceAll('`', '').split(' ')[0] ?? ''));
    const timed = await takeTurns(
      [
        other('a shell', 'sh', '-c', `for each in $(seq ${steps}); do /bin/true; done`),
        { name: 'migrate', run: () => secondsOf(() => place.migrate('run', place.runbook, '--yes')) },
        ...others,
      ],
      rounds,
    );
    const about = [`${steps} steps of one command each, one after another; ${rounds} rounds.`];
    return { title: 'Steps', about, timed, base: 'migrate' };
  } finally {
    place.remove();
    rmSync(scratch, { recursive: true });
  }
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0" >/dev/null', program]).status === 0;
}
