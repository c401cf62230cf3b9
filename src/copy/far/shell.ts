import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { farPlace, sshCommand, type FarAccess } from './access.ts';
import { cannotConnect, connectionLost } from './fault.ts';

export interface FarAnswer {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface Question {
  readonly answer: (answer: FarAnswer) => void;
  readonly fail: (error: unknown) => void;
}

// `read` takes byte by byte, and GNU head not one too many: what follows is left to the next.
const loop = `
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
printf "\\n%s 0\\n" "$1"; printf "\\n%s\\n" "$1" >&2
while IFS=" " read -r code_bytes input_bytes; do
code=$(head -c "$code_bytes")
if [ "$input_bytes" = 0 ]; then (eval "$code") </dev/null
else head -c "$input_bytes" | { (eval "$code"); ended=$?; cat >/dev/null; exit $ended; }
fi
ended=$?; printf "\\n%s %s\\n" "$1" "$ended"; printf "\\n%s\\n" "$1" >&2
done`;

/**
 * A shell on another machine, over one connection that stays open, so that a question there costs a round
 * trip and no login. One question at a time; more wait.
 *
 * @throws StepError `far.unreachable`, `far.key-refused`, `far.host-key-unknown`, `far.host-key-changed`,
 *   `far.connection-lost`
 */
export class FarShell {
  readonly access: FarAccess;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #token = randomBytes(16).toString('hex');
  readonly #stdout: Gathered;
  readonly #stderr: Gathered;
  #open: Question | undefined;
  #ready = false;
  #closed: Error | undefined;
  #turn: Promise<unknown>;

  constructor(access: FarAccess, signal?: AbortSignal) {
    this.access = access;
    const remote = `exec sh -c ${quoted(loop)} sh ${this.#token}`;
    const [program, ...args] = sshCommand(access);
    this.#child = spawn(program, [...args, remote], { stdio: 'pipe', signal });
    this.#stdout = new Gathered(this.#token);
    this.#stderr = new Gathered(this.#token);
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(this.#stdout, chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => this.#take(this.#stderr, chunk));
    this.#child.once('error', (error) => this.#end(signal?.aborted === true ? signal.reason : error));
    this.#child.once('close', () => {
      const said = this.#stderr.text();
      this.#end(this.#ready ? connectionLost(access, said) : cannotConnect(access, said));
    });
    this.#turn = new Promise((answer, fail) => (this.#open = { answer, fail }));
    this.#turn.catch(() => {});
  }

  /** A folder there, for people. */
  place(path: string): string {
    return farPlace(this.access, path);
  }

  /**
   * Runs a program for `sh` there and gives any exit code.
   *
   * @param words its arguments, `$1` and on
   * @param input its standard input
   */
  ask(program: string, words: readonly string[] = [], input: Buffer = Buffer.alloc(0)): Promise<FarAnswer> {
    const turn = this.#turn.then(
      () =>
        new Promise<FarAnswer>((answer, fail) => {
          if (this.#closed !== undefined) {
            fail(this.#closed);
            return;
          }
          this.#open = { answer, fail };
          const code = Buffer.from(withWords(program, words));
          this.#child.stdin.write(
            Buffer.concat([Buffer.from(`${code.length} ${input.length}\n`), code, input]),
          );
        }),
    );
    this.#turn = turn;
    turn.catch(() => {});
    return turn;
  }

  /** Another connection, for what is too much to be held in memory. */
  start(program: string, words: readonly string[], signal?: AbortSignal): ChildProcessWithoutNullStreams {
    return startFar(this.access, program, words, signal);
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  #take(stream: Gathered, chunk: Buffer): void {
    stream.add(chunk);
    if (!this.#stdout.isWhole || !this.#stderr.isWhole) return;
    const [out, err] = [this.#stdout.take(), this.#stderr.take()];
    this.#ready = true;
    this.#open?.answer({
      exitCode: Number(out.rest),
      stdout: out.before,
      stderr: err.before.toString('utf8'),
    });
    this.#open = undefined;
  }

  #end(error: unknown): void {
    this.#closed ??= error instanceof Error ? error : new Error(String(error));
    this.#open?.fail(this.#closed);
    this.#open = undefined;
  }
}

/** Starts a program for `sh` on another machine, with its streams. */
export function startFar(
  access: FarAccess,
  program: string,
  words: readonly string[],
  signal?: AbortSignal,
): ChildProcessWithoutNullStreams {
  const code = `export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; ${withWords(program, words)}`;
  const [ssh, ...args] = sshCommand(access);
  return spawn(ssh, [...args, `exec sh -c ${quoted(code)}`], { stdio: 'pipe', signal });
}

/** A word that no shell takes apart. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function withWords(program: string, words: readonly string[]): string {
  return `set -- ${words.map(quoted).join(' ')}\n${program}`;
}

/** What comes on a stream until the line that ends an answer. */
class Gathered {
  readonly #mark: Buffer;
  #chunks: Buffer[] = [];
  #tail: Buffer = Buffer.alloc(0);
  #found = false;

  constructor(token: string) {
    this.#mark = Buffer.from(`\n${token}`);
  }

  get isWhole(): boolean {
    return this.#found;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    const near = Buffer.concat([this.#tail, chunk]);
    // The mark's line has an end of its own, after the exit code.
    const at = near.lastIndexOf(this.#mark);
    this.#found = at >= 0 && near.indexOf('\n', at + this.#mark.length) >= 0;
    this.#tail = near.subarray(-(this.#mark.length + 8));
  }

  take(): { before: Buffer; rest: string } {
    const all = Buffer.concat(this.#chunks);
    const at = all.lastIndexOf(this.#mark);
    this.#chunks = [];
    this.#tail = Buffer.alloc(0);
    this.#found = false;
    return {
      before: all.subarray(0, at),
      rest: all
        .subarray(at + this.#mark.length)
        .toString('latin1')
        .trim(),
    };
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
