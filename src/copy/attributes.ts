import { spawn } from 'node:child_process';
import { StepError } from '../errors.ts';
import { bytesOf, type BytePath } from './byte-path.ts';

/** Names and values as getfattr prints them; names that are not plain ASCII keep its escapes. */
export type Attributes = Readonly<Record<string, string>>;

// ACLs are the only ones of `system` that are data; the rest is any one file system's own business. XFS
// shows ACLs a second time, under names that others do not have.
const kept = /^(?!system\.|trusted\.SGI_ACL_)|^system\.posix_acl_(access|default)$/;

/**
 * Reads the extended attributes and ACLs of many paths in few processes. Paths go in through a pipe,
 * since an argument list holds no arbitrary bytes from here.
 *
 * @throws StepError `copy.tool-missing` without getfattr or xargs, `copy.cannot-read-attributes`
 */
export class AttributeReader {
  /** Of those paths that have any. */
  readonly found = new Map<BytePath, Attributes>();
  readonly #child: ReturnType<typeof spawn>;
  readonly #ended: Promise<void>;
  // Labels repeat on every file of some systems, so that each distinct text is kept once.
  readonly #texts = new Map<string, string>();
  #waiting: Buffer[] = [];
  #current: { path: BytePath; attributes: Record<string, string> } | undefined;
  #rest = '';

  constructor(root: string, signal?: AbortSignal, start = () => startHere(root, signal)) {
    const child = start();
    this.#child = child;
    const complaints = new Complaints();
    child.stderr.on('data', (chunk: Buffer) => complaints.add(chunk.toString('latin1')));
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
    // Its early end is told by its exit code.
    child.stdin.on('error', () => {});
    this.#ended = new Promise((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ENOENT' ? missing('xargs') : error),
      );
      child.once('close', (code) => {
        const said = complaints.end();
        if (code === 0) resolve();
        else if (code === 127) reject(missing('getfattr'));
        // xargs exits so when only getfattr failed.
        else if (code === 123 && complaints.unsupported > 0 && said === '') resolve();
        else reject(failed(root, said));
      });
    });
    this.#ended.catch(() => {});
  }

  add(path: BytePath): void {
    // `./` keeps a name that begins with a dash from being an option.
    this.#waiting.push(bytesOf(`./${path}\0`));
    if (this.#waiting.length >= 1_000) this.#send();
  }

  async finish(): Promise<ReadonlyMap<BytePath, Attributes>> {
    this.#send();
    this.#child.stdin?.end();
    await this.#ended;
    this.#keep();
    return this.found;
  }

  /** Ends it early; its failure is of no interest then. */
  abandon(): void {
    this.#child.kill();
  }

  #send(): void {
    // Unread pipes are buffered in memory: some hundred bytes a path at the worst.
    this.#child.stdin?.write(Buffer.concat(this.#waiting));
    this.#waiting = [];
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('# file: ')) {
        this.#keep();
        const path = unescaped(line.slice(8));
        this.#current = { path: path === './.' ? '.' : path.slice(2), attributes: {} };
      } else if (line !== '' && this.#current !== undefined) {
        const equals = line.indexOf('=');
        const name = equals < 0 ? line : line.slice(0, equals);
        const ascii = name.replaceAll(
          /[^\x20-\x7e]/g,
          (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`,
        );
        if (kept.test(ascii))
          this.#current.attributes[this.#once(ascii)] = this.#once(equals < 0 ? '' : line.slice(equals + 1));
      }
    }
  }

  #keep(): void {
    if (this.#current !== undefined && Object.keys(this.#current.attributes).length > 0) {
      this.found.set(this.#current.path, this.#current.attributes);
    }
    this.#current = undefined;
  }

  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

/** What getfattr says is wrong. A file system without extended attributes, such as zfs-fuse, has none to lose. */
class Complaints {
  unsupported = 0;
  #said = '';
  #rest = '';

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  end(): string {
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
    return this.#said;
  }

  #take(line: string): void {
    if (line.endsWith(': Operation not supported')) this.unsupported += 1;
    else if (this.#said.length < 10_000) this.#said += `${line}\n`;
  }
}

function startHere(root: string, signal: AbortSignal | undefined) {
  const argv = ['-0', '-r', 'getfattr', '--absolute-names', '-h', '-d', '-m', '-', '-e', 'hex', '--'];
  return spawn('xargs', argv, {
    cwd: root,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: 'pipe',
    signal,
  });
}

/** getfattr writes newlines, returns and backslashes as `\ooo`. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function missing(program: string): StepError {
  return new StepError(
    'copy.tool-missing',
    `${program} is not installed, and without it nobody sees whether extended attributes and ACLs survived`,
    program === 'getfattr' ? 'Install the package attr.' : 'Install the package findutils.',
  );
}

function failed(root: string, said: string): StepError {
  return new StepError(
    'copy.cannot-read-attributes',
    `the extended attributes in ${root} cannot be read:\n${said.trim().split('\n').slice(0, 5).join('\n')}`,
  );
}
