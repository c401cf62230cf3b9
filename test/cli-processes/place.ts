import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { allPids, isEnded, statOf } from '../../src/host/process.ts';

/** Carried by every process that a test starts, so that it finds again what was left of them. */
const mark = 'MIGRATE_TEST_PLACE';

/** A corner of this machine for one test: its own state, claims, preferences and home. */
export interface Place {
  readonly folder: string;
  readonly state: string;
  readonly claims: string;
  /** What runbooks change. */
  readonly world: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A place that is gone, with every process in it, when the test ends. */
export function newPlace(): Place {
  // Not the temp folder, which is a tmpfs on many machines: state is refused there.
  const folder = mkdtempSync('/var/tmp/migrate-processes-');
  onTestFinished(async () => {
    for (const pid of processesIn(folder)) kill(pid);
    for (let tries = 0; tries < 100 && processesIn(folder).length > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const world = join(folder, 'world');
  mkdirSync(world);
  const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env;
  return {
    folder,
    state: join(folder, 'state'),
    claims: join(folder, 'claims'),
    world,
    env: {
      ...env,
      [mark]: folder,
      MIGRATE_CLAIMS_DIR: join(folder, 'claims'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      // One for all tests, or each process compiles anew.
      NODE_COMPILE_CACHE: resolve(import.meta.dirname, '../../node_modules/.cache/migrate-test'),
      TERM: 'xterm-256color',
    },
  };
}

/** Living processes that a test has started, or that these have. */
export function processesIn(folder: string): readonly number[] {
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    const stat = statOf(pid);
    return stat !== undefined && !isEnded(stat) && environmentOf(pid).includes(`${mark}=${folder}`);
  });
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Writes a runbook of the test's own into the place; gives its path. */
export function writeRunbook(place: Place, name: string, text: string): string {
  const file = join(place.folder, name);
  writeFileSync(file, text);
  return file;
}

/** Every path beneath a folder with its kind, mode and content, for comparing. */
export function tree(folder: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const walk = (path: string) => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const inner = join(path, entry.name);
      const full = join(folder, inner);
      if (entry.isDirectory()) {
        found[inner] = 'folder';
        walk(inner);
      } else {
        found[inner] = entry.isFile() ? readFileSync(full, 'utf8') : 'other';
      }
    }
  };
  try {
    walk('');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return found;
}

/** What lies in a place's state folder; not the lock files, whose numbers count who was there. */
export function stateOf(place: Place): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(tree(place.state)).filter(([path]) => !/(^|\/)lock\.\d+$/.test(path)),
  );
}
