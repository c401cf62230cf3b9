import { StepError } from '../../errors.ts';
import { fromText, type BytePath } from '../byte-path.ts';
import type { HashJob, HashOptions, HashResult } from '../hash-pool.ts';
import { parseRsyncLine } from '../rsync-line.ts';
import { nanoseconds } from './far-stat.ts';
import { FarShell } from './shell.ts';

const batchFiles = 500;
const batchBytes = 256 * 1024 * 1024;
/** A login each; sshd turns away many at a time. */
const mostConnections = 4;

// What rsync reads is the hash that a copy knows, and rsync is there anyway. `stat` before and after tells of
// a change in between. Pages that are dropped must be gone, or it was not the disk that was read.
const reading = String.raw`
cd -- "$1" || exit 66
exec xargs -0 -s 120000 sh -c '
direct=$1; shift
still() {
  pages=$(fincore -b -n -o PAGES -- "$@" 2>/dev/null) || return 0
  for count in $pages; do [ "$count" = 0 ] || return 0; done
  return 1
}
cached=1
if [ "$direct" = 1 ]; then
  if still "$@"; then
    for file; do dd if="$file" iflag=nocache count=0 2>/dev/null; done
    still "$@" || cached=0
  else cached=0; fi
fi
printf "cached %s\0" "$cached"
stat --printf "%i %.9Z %.9Y %s %n\0" -- "$@" 2>/dev/null
printf "lines\0"
printf "%s\0" "$@" | rsync -n -c --checksum-choice=xxh128 --no-implied-dirs --from0 --files-from=- --itemize-changes --itemize-changes --out-format=">%i %C %l %n" -- ./ /nonexistent/
ended=$?
printf "\0"
stat --printf "%i %.9Z %.9Y %s %n\0" -- "$@" 2>/dev/null
printf "end %s\0" "$ended"
[ "$ended" != 127 ]
' sh "$2"`;

interface Batch {
  readonly jobs: readonly HashJob[];
  readonly bytes: number;
}

/**
 * Hashes files on another machine by its rsync, on a few connections at a time.
 *
 * @param jobs with paths from the root of its file system
 * @throws StepError of FarShell; `far.cannot-hash`
 */
export async function hashFar(
  access: FarShell['access'],
  root: string,
  jobs: Iterable<HashJob>,
  options: HashOptions,
): Promise<void> {
  const { readers, signal, onRead, onResult, direct } = options;
  const prefix = root === '/' ? '/' : `${fromText(root)}/`;
  const batches = batched(jobs);
  const shells: FarShell[] = [];
  const work = async () => {
    let shell: FarShell | undefined;
    for (;;) {
      signal?.throwIfAborted();
      const { value } = batches.next();
      if (value === undefined) return;
      if (shell === undefined) shells.push((shell = new FarShell(access, signal)));
      const names = value.jobs.map(({ path }) => `./${path.slice(prefix.length)}`);
      const input = Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1');
      const { stdout, stderr, exitCode } = await shell.ask(reading, [root, direct ? '1' : '0'], input);
      const found = resultsIn(stdout.toString('latin1'), stderr);
      if (exitCode !== 0 || found === undefined) throw cannotHash(shell, root, stderr);
      onRead?.(value.bytes);
      for (const [at, { id }] of value.jobs.entries())
        onResult({ id, ...(found.get(names[at] ?? '') ?? missing) });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(readers, mostConnections) }, work));
  } finally {
    for (const shell of shells) shell.close();
  }
}

type Result = Omit<HashResult, 'id'>;

const missing: Result = { error: { code: 'ENOENT', message: 'no such file or directory' } };

/** By name, as it was asked for; `undefined` when the answer is not whole. */
function resultsIn(output: string, said: string): Map<string, Result> | undefined {
  const results = new Map<string, Result>();
  const records = output.split('\0');
  let at = 0;
  while (at < records.length - 1) {
    const direct = records[at] === 'cached 0';
    if (!direct && records[at] !== 'cached 1') return undefined;
    const before = new Map<string, Seen>();
    for (at += 1; records[at] !== 'lines'; at += 1) if (!note(before, records[at])) return undefined;
    const hashes = hashesIn(records[at + 1] ?? '');
    const after = new Map<string, Seen>();
    for (at += 2; records[at]?.startsWith('end ') !== true; at += 1)
      if (!note(after, records[at])) return undefined;
    at += 1;
    for (const [name, seen] of before) results.set(name, resultOf(name, seen, after, hashes, direct, said));
  }
  return results;
}

interface Seen {
  readonly inode: string;
  readonly ctime: string;
  readonly mtime: string;
  readonly size: string;
}

function note(seen: Map<string, Seen>, record: string | undefined): boolean {
  const [, inode, ctime, mtime, size, name] = /^(\d+) (\S+) (\S+) (\d+) (.+)$/s.exec(record ?? '') ?? [];
  if (inode === undefined || !ctime || !mtime || !size || name === undefined) return false;
  seen.set(name, { inode, ctime, mtime, size });
  return true;
}

function hashesIn(lines: string): Map<BytePath, string> {
  const hashes = new Map<BytePath, string>();
  for (const text of lines.split('\n')) {
    const line = parseRsyncLine(text);
    if (line?.isFile === true && line.hash !== undefined) hashes.set(line.path, line.hash);
  }
  return hashes;
}

function resultOf(
  name: string,
  seen: Seen,
  after: ReadonlyMap<string, Seen>,
  hashes: ReadonlyMap<BytePath, string>,
  direct: boolean,
  said: string,
): Result {
  const now = after.get(name);
  const { inode, ctime, mtime, size } = seen;
  if (now === undefined || now.inode !== inode || now.size !== size || now.mtime !== mtime)
    return { error: { code: 'ESTALE', message: 'it changed while it was read' } };
  const hash = hashes.get(name.slice(2));
  if (hash === undefined) {
    const own = said.split('\n').find((line) => line.includes(name.slice(2))) ?? said.trim().split('\n')[0];
    const code = /Input\/output error/.test(own ?? '') ? 'EIO' : 'EACCES';
    return { error: { code, message: own?.slice(0, 500) || 'it cannot be read' } };
  }
  return { hash, size: Number(size), inode: BigInt(inode), ctimeNs: nanoseconds(ctime), direct };
}

function* batched(jobs: Iterable<HashJob>): Generator<Batch, void> {
  let [batch, bytes]: [HashJob[], number] = [[], 0];
  for (const job of jobs) {
    batch.push(job);
    bytes += job.size;
    if (batch.length < batchFiles && bytes < batchBytes) continue;
    yield { jobs: batch, bytes };
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield { jobs: batch, bytes };
}

function cannotHash(shell: FarShell, root: string, said: string): StepError {
  return new StepError(
    'far.cannot-hash',
    `files cannot be read in ${shell.place(root)}:\n${said.trim().split('\n').slice(0, 5).join('\n')}`,
    'There must be the folder, and rsync (3.2 or newer), xargs, stat and dd.',
  );
}
