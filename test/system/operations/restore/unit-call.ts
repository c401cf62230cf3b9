import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const migrate = resolve(import.meta.dirname, '../../../../src/cli/migrate.ts');

export interface UnitCall {
  /** What the unit calls at each boot, to its end. */
  call(): Promise<{ readonly code: number | null; readonly out: string }>;
  /** Calls it and kills it as soon as its journal gets a line that fits. Gives whether that line came. */
  killedAt(mark: RegExp): Promise<boolean>;
  runs(): readonly string[];
  journal(): string;
  /** A file that outlives a boot. */
  file(name: string, content: string): string;
}

/**
 * A real process of `restore-missing` for each boot, with a state folder that they share.
 * @param options.enter words before it, such as those that lead into a machine with ZFS
 * @param options.path folders in which its programs are looked for first
 * @param options.env further variables of its environment
 */
export function unitCall(
  params: object,
  options: {
    readonly enter?: () => readonly string[];
    readonly path?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): UnitCall {
  // Not in the temp folder, which may lie in memory, where no state is kept.
  const root = mkdtempSync('/var/tmp/migrate-restore-');
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const state = join(root, 'state');
  const file = (name: string, content: string) => {
    writeFileSync(join(root, name), content, { mode: 0o755 });
    return join(root, name);
  };
  const given = file('params.json', JSON.stringify(params));
  const words = ['--no-input', '--state-dir', state, 'run', 'restore-missing', '--params', given];
  const runs = () => (existsSync(join(state, 'runs')) ? readdirSync(join(state, 'runs')) : []);
  const journal = () => {
    const path = join(state, 'runs', runs()[0] ?? 'none', 'journal.jsonl');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const start = () => {
    const [program, ...args] = [...(options.enter?.() ?? []), process.execPath, migrate];
    const env = {
      ...process.env,
      PATH: [options.path, process.env['PATH']].filter(Boolean).join(':'),
      ...options.env,
      HOME: root,
      MIGRATE_CLAIMS_DIR: join(root, 'claims'),
      NODE_COMPILE_CACHE: resolve(import.meta.dirname, '../../../../node_modules/.cache/migrate-test'),
    };
    const child = spawn(program, [...args, ...words, '--or-resume'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => void (out += text));
    // Not its close: what a killed process has begun may hold its output open.
    const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    const finished = new Promise<void>((done) => child.once('close', () => done()));
    /** Entering, the first process is not migrate but what waits for it. */
    const kill = () => {
      try {
        const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
        const pid = options.enter === undefined ? child.pid : Number(children.split(' ')[0]);
        if (pid !== undefined && pid > 0) process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    };
    return { ended, finished, kill, said: () => out };
  };
  return {
    runs,
    journal,
    file,
    call: async () => {
      const { ended, finished, said } = start();
      const code = await ended;
      await finished;
      return { code, out: said() };
    },
    killedAt: async (mark) => {
      const known = journal().length;
      const { ended, kill } = start();
      let came = false;
      const look = setInterval(() => {
        came ||= mark.test(journal().slice(known));
        // Again and again, until it is gone.
        if (came) kill();
      }, 2);
      await ended;
      clearInterval(look);
      return came;
    },
  };
}
