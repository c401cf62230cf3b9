import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The journal that was written to last: a start that was killed within its first line has left one without a run.
 * Read from outside, since a process in the world to print it would cost more than all else between two calls.
 *
 * @param root of the world, as its init sees it
 */
export function newestJournal(root: string): string {
  const runs = join(root, 'var/lib/migrate/runs');
  const names = existsSync(runs) ? readdirSync(runs) : [];
  const newest = names
    .map((name) => join(runs, name, 'journal.jsonl'))
    .flatMap((path) => {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, mtime: stat.mtimeNs }];
    })
    .reduce<{ path: string; mtime: bigint } | undefined>(
      (one, other) => (one === undefined || other.mtime > one.mtime ? other : one),
      undefined,
    );
  return newest === undefined ? '' : readFileSync(newest.path, 'utf8');
}
