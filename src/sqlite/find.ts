import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { headerBytes, isDatabase } from './header.ts';

/**
 * The databases in a folder, by what is in them and not by their names, sorted. A file with a WAL beside it is one
 * too, also when its header is damaged.
 */
export function findDatabases(folder: string, exclude: readonly string[] = []): string[] {
  const patterns = exclude.map(patternOf);
  const device = lstatSync(folder).dev;
  const found: string[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const within = next;
    const entries = unlessGone(() => readdirSync(within, { withFileTypes: true })) ?? [];
    const names = new Set(entries.map(({ name }) => name));
    for (const entry of entries) {
      if (patterns.some((pattern) => pattern.test(entry.name))) continue;
      const path = join(next, entry.name);
      if (entry.isDirectory() && unlessGone(() => lstatSync(path))?.dev === device) waiting.push(path);
      if (!entry.isFile()) continue;
      if (names.has(`${entry.name}-wal`) || mayBeDatabase(path)) found.push(path);
    }
  }
  return found.toSorted();
}

/** One that may not be read may be a database, and whoever looks at it will say so. */
function mayBeDatabase(path: string): boolean {
  try {
    const head = unlessGone(() => headOf(path));
    return head !== undefined && isDatabase(head);
  } catch {
    return true;
  }
}

/** What a running service removes meanwhile, such as a journal, is not there. */
function unlessGone<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** The first bytes of a file, fewer when it is shorter. */
export function headOf(path: string): Uint8Array {
  const head = Buffer.alloc(headerBytes);
  const file = openSync(path, 'r');
  try {
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 's');
}
