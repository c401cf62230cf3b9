import { readdirSync, readFileSync, statSync } from 'node:fs';

/**
 * Who has which of the files open, by path: the first process that is found, such as `Sonarr (pid 812)`.
 * Processes that one may not look into are left out.
 */
export function holdersOf(paths: readonly string[]): ReadonlyMap<string, string> {
  const byFile = new Map(paths.flatMap((path) => keyOf(path).map((key) => [key, path] as const)));
  const held = new Map<string, string>();
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      const [path] = keyOf(`/proc/${pid}/fd/${fd}`).flatMap((key) => byFile.get(key) ?? []);
      if (path !== undefined && !held.has(path)) held.set(path, `${nameOf(pid)} (pid ${pid})`);
    }
  }
  return held;
}

function keyOf(path: string): string[] {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return [`${dev}:${ino}`];
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'a process';
  }
}
