import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepError } from '../../errors.ts';
import { asidePrefix } from '../aside.ts';
import { showPath, type BytePath } from '../byte-path.ts';
import type { Found, WalkOptions } from '../walk.ts';
import { FarStat, nanoseconds, packedDevice, statFieldCount, statFields } from './far-stat.ts';
import { connectionLost, farToolMissing } from './fault.ts';
import { fromRecord, toRecord } from './record-order.ts';
import type { FarShell } from './shell.ts';

/** Programs that a walk takes there. */
const listing = String.raw`
cd -- "$1" || exit 66
find . -xdev -printf '%P\0${statFields} %l\0'; ended=$?
printf '\0end %s\0' "$ended"
exec find . -xdev \( -type b -o -type c -o ! -newermt '1970-01-01 00:00:01 UTC' \) -exec stat --printf '%n\0%.9Y %t %T\0' {} +`;

type Exact = ReadonlyMap<BytePath, { readonly mtimeNs: bigint; readonly rdev: bigint }>;

/**
 * Everything in a tree on another machine, in the order of a walk. It is listed there by one `find`, and
 * sorted here on disk, so that a million paths take no more memory than ten.
 *
 * @param scratch a folder here for what is being sorted
 * @throws StepError `copy.no-folder`, `copy.cannot-read` where any part of it cannot be, and those of FarShell
 */
export async function listFar(
  far: FarShell,
  root: string,
  scratch: string | undefined,
  { exclude, onOtherFileSystem, signal }: WalkOptions & { readonly signal?: AbortSignal | undefined },
): Promise<Iterable<Found>> {
  const child = far.start(listing, [root], signal);
  child.stdin.end();
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < 100_000) said += chunk.toString('latin1');
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  ended.catch(() => {});
  const sorted = new Sorted(scratch !== undefined && existsSync(scratch) ? scratch : tmpdir(), signal);
  try {
    const exact = new Map<BytePath, { mtimeNs: bigint; rdev: bigint }>();
    let isWhole = false;
    for await (const [path, fields] of pairs(child.stdout)) {
      if (path === '' && fields.startsWith('end ')) {
        isWhole = true;
      } else if (isWhole) {
        const [mtime = '', major = '', minor = ''] = fields.split(' ');
        const name = path === '.' ? '.' : path.slice(2);
        exact.set(name, { mtimeNs: nanoseconds(mtime), rdev: packedDevice(major, minor) });
      } else {
        await sorted.add(toRecord(path === '' ? '.' : path, fields));
      }
    }
    judge(far, root, await ended, isWhole, said);
    await sorted.finish();
    return inTree(sorted.file, exact, exclude, onOtherFileSystem);
  } catch (error) {
    child.kill();
    sorted.abandon();
    signal?.throwIfAborted();
    throw error;
  }
}

/** What went while it was looked at is no fault; whoever counts on it will miss it. */
function judge(far: FarShell, root: string, exitCode: number | null, isWhole: boolean, said: string): void {
  const place = far.place(root);
  if (exitCode === 66)
    throw new StepError('copy.no-folder', `there is no folder ${place}: ${said.trim().slice(0, 500)}`);
  if (exitCode === 127) throw needsFind(far);
  if (exitCode === 255 || exitCode === null || !isWhole) {
    if (/-printf|unrecognized|unknown (predicate|option)/.test(said)) throw needsFind(far);
    throw connectionLost(far.access, said);
  }
  const serious = said
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(': No such file or directory'));
  if (serious.length === 0) return;
  throw new StepError(
    'copy.cannot-read',
    `cannot read all of ${place}:\n${serious
      .slice(0, 5)
      .map((line) => `  ${showPath(line)}`)
      .join('\n')}`,
    'As an ordinary user one reads only what is allowed: log in as root there. An input/output error: see dmesg there.',
  );
}

function needsFind(far: FarShell): StepError {
  return farToolMissing(
    far.access,
    'find or stat of GNU',
    'Install the packages findutils and coreutils there; those of busybox do not tell all that a copy must keep.',
  );
}

/** Two texts with a NUL after each. */
async function* pairs(stream: AsyncIterable<Buffer>): AsyncGenerator<readonly [string, string], void> {
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + chunk.toString('latin1')).split('\0');
    rest = parts.pop() ?? '';
    const whole = parts.length - (parts.length % 2);
    for (let at = 0; at < whole; at += 2) yield [parts[at] ?? '', parts[at + 1] ?? ''];
    if (whole < parts.length) rest = `${parts[whole] ?? ''}\0${rest}`;
  }
}

function* inTree(
  file: number,
  exact: Exact,
  exclude: WalkOptions['exclude'],
  onOtherFileSystem: WalkOptions['onOtherFileSystem'],
): Generator<Found, void> {
  let device: bigint | undefined;
  let left: BytePath | undefined;
  try {
    for (const record of recordsOf(file)) {
      const { path, fields } = fromRecord(record);
      if (path.startsWith(asidePrefix)) continue;
      if (left !== undefined && path.startsWith(`${left}/`)) continue;
      if (exclude?.has(path) === true) {
        left = path;
        continue;
      }
      const words = fields.split(' ', statFieldCount);
      const target = fields.slice(words.join(' ').length + 1);
      const stat = new FarStat(words, exact.get(path));
      device ??= stat.dev;
      yield { path, stat, ...(stat.isSymbolicLink() ? { target } : {}) };
      if (stat.isDirectory() && stat.dev !== device) onOtherFileSystem?.(path);
    }
  } finally {
    closeSync(file);
  }
}

const chunkSize = 1024 * 1024;

function* recordsOf(file: number): Generator<string, void> {
  const chunk = Buffer.allocUnsafe(chunkSize);
  let rest = '';
  for (let at = 0; ;) {
    const count = readSync(file, chunk, 0, chunkSize, at);
    if (count === 0) return;
    at += count;
    const records = (rest + chunk.toString('latin1', 0, count)).split('\0');
    rest = records.pop() ?? '';
    yield* records;
  }
}

/** A file without a name, so that nothing is left of it whatever happens. */
class Sorted {
  readonly file: number;
  readonly #child: ReturnType<typeof spawn>;
  readonly #ended: Promise<void>;
  #waiting: string[] = [];

  constructor(scratch: string, signal: AbortSignal | undefined) {
    const folder = mkdtempSync(join(scratch, '.listing-'));
    try {
      this.file = openSync(join(folder, 'sorted'), 'w+', 0o600);
    } finally {
      rmSync(folder, { recursive: true });
    }
    this.#child = spawn('sort', ['-z', '-T', scratch], {
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['pipe', this.file, 'pipe'],
      signal,
    });
    this.#child.stdin?.on('error', () => {});
    let said = '';
    this.#child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => (code === 0 ? resolve() : reject(cannotSort(scratch, said))));
    });
    this.#ended.catch(() => {});
  }

  async add(record: string): Promise<void> {
    this.#waiting.push(record, '\0');
    if (this.#waiting.length >= 2_000) await this.#send();
  }

  async finish(): Promise<void> {
    await this.#send();
    this.#child.stdin?.end();
    await this.#ended;
  }

  abandon(): void {
    this.#child.kill();
    try {
      closeSync(this.file);
    } catch {
      // Its reader has closed it.
    }
  }

  async #send(): Promise<void> {
    const bytes = Buffer.from(this.#waiting.join(''), 'latin1');
    this.#waiting = [];
    if (this.#child.stdin?.write(bytes) !== false) return;
    await Promise.race([new Promise((resolve) => this.#child.stdin?.once('drain', resolve)), this.#ended]);
  }
}

function cannotSort(scratch: string, said: string): StepError {
  return new StepError(
    'copy.cannot-sort',
    `the list of paths cannot be sorted in ${scratch}: ${said.trim()}`,
    'Make room there, and run the step again.',
  );
}
