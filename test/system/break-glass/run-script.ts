import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RecordedUndo } from '../../../src/journal/event.ts';
import { breakGlassScript, type BreakGlass } from '../../../src/plan/break-glass/script.ts';
import type { BreakGlassStep } from '../../../src/plan/break-glass/step-blocks.ts';

/** Every shell that is here; the script must mean the same to each. */
export const shells: readonly (readonly [string, ...string[]])[] = (
  [['dash'], ['busybox', 'sh'], ['bash', '--posix']] as const
).filter(([program]) => ['/bin', '/usr/bin'].some((folder) => existsSync(join(folder, program))));

export const elsewhere = { bootId: 'another-boot', initStart: '1', pidNamespace: 'pid:[1]' };
const stat = readFileSync('/proc/1/stat', 'utf8');
export const thisBoot = {
  bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  initStart: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '',
  pidNamespace: execFileSync('readlink', ['/proc/self/ns/pid'], { encoding: 'utf8' }).trim(),
};

export function step(id: string, undo: RecordedUndo, more: Partial<BreakGlassStep> = {}): BreakGlassStep {
  return { id, title: `Step ${id}`, effective: 'now', boot: thisBoot, undo, ...more };
}

export function data(...actions: Extract<RecordedUndo, { kind: 'data' }>['actions']): RecordedUndo {
  return { kind: 'data', actions };
}

/** A run's folder, with the script in it as a run on this machine leaves it. */
export function runFolder(steps: readonly BreakGlassStep[], more: Partial<BreakGlass> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'break-glass-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (text: string) => writeFileSync(join(folder, 'undo.sh'), text, { mode: 0o700 });
  const script = (given: readonly BreakGlassStep[]) =>
    breakGlassScript({
      run: 'move-home-20260921-k3f9',
      summary: 'Move /home',
      host: hostname(),
      machineId: undefined,
      user: process.getuid?.() ?? 0,
      writtenAt: '2026-09-21T20:14:03.482Z',
      rollbacks: 0,
      steps: given,
      ...more,
    });
  write(script(steps));
  writeFileSync(join(folder, 'journal.jsonl'), '{"v":1,"seq":1,"type":"run.started","crc":"00000000"}\n');
  return {
    folder,
    rewrite: (given: readonly BreakGlassStep[]) => write(script(given)),
    journal: (...lines: readonly string[]) =>
      writeFileSync(join(folder, 'journal.jsonl'), lines.map((line) => `${line}\n`).join('')),
    marks: () => {
      const file = join(folder, 'undo.done');
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    },
    run(
      args: readonly string[] = ['-y'],
      options: { shell?: readonly string[]; input?: string; env?: object } = {},
    ) {
      const [program = 'dash', ...before] = options.shell ?? ['sh'];
      const { status, stdout, stderr } = spawnSync(program, [...before, join(folder, 'undo.sh'), ...args], {
        cwd: folder,
        encoding: 'utf8',
        input: options.input ?? '',
        env: { PATH: process.env['PATH'], ...options.env },
      });
      return { status, said: `${stdout}${stderr}` };
    },
  };
}
