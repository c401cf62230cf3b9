import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const migrate = resolve(import.meta.dirname, '../../src/cli/migrate.ts');
export const smallRunbook = resolve(import.meta.dirname, 'small-runbook.ts');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the output holds the text; fails when it ends without. */
  readonly said: (text: string) => Promise<void>;
}

/** Said when the small runbook is in its slow step. */
export const slow = '$ sh -c';

/** A machine of one test: a folder to work in, and state, claims and preferences of its own. */
export class Machine {
  /** Not in the temp folder, which may lie in memory, where no state is kept. */
  readonly root = mkdtempSync('/var/tmp/migrate-cli-');
  readonly folder = join(this.root, 'work');
  readonly state = join(this.root, 'state');
  /** Parameters with which the small runbook waits in its slow step until the test lets it go. */
  readonly slowly = ['--set', `folder=${this.folder}`, '--set', `until=${join(this.root, 'go')}`];

  constructor() {
    mkdirSync(this.folder);
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
  }

  /** Writes a file into the machine and gives its path. */
  file(name: string, content: string): string {
    const path = join(this.root, name);
    writeFileSync(path, content);
    return path;
  }

  letGo(): void {
    this.file('go', '');
  }

  run(...args: readonly string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  start(args: readonly string[]): Started {
    const child = spawn(process.execPath, [migrate, ...args], {
      cwd: this.root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        LANG: 'C.UTF-8',
        TERM: 'xterm',
        HOME: this.root,
        XDG_CONFIG_HOME: join(this.root, 'config'),
        MIGRATE_STATE_DIR: this.state,
        MIGRATE_CLAIMS_DIR: join(this.root, 'claims'),
        // One for all tests, or each process compiles anew.
        NODE_COMPILE_CACHE: resolve(import.meta.dirname, '../../node_modules/.cache/migrate-test'),
      },
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
    const ended = new Promise<Ended>((done) => {
      child.once('close', (code, signal) => done({ code, signal, out, err }));
    });
    const said = (text: string) =>
      new Promise<void>((done, fail) => {
        const look = () => out.includes(text) && done();
        child.stdout.on('data', look);
        look();
        void ended.then(() => fail(new Error(`ended without saying ${text}: ${out}${err}`)));
      });
    return { child, ended, said };
  }
}

/** The documents of JSON lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
