import { StringDecoder } from 'node:string_decoder';

// A program that never ends its line must not fill the memory.
const longestLine = 64 * 1024;

/** Cuts a stream into lines, at newlines and at the carriage returns of progress displays. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #rest = '';
  #afterReturn = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    this.#cut(this.#decoder.write(chunk));
  }

  end(): void {
    this.#cut(this.#decoder.end());
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }

  #cut(added: string): void {
    let text = added;
    if (text === '') return;
    // A return at the end of one chunk and a newline at the start of the next are one line end.
    if (this.#afterReturn && text.startsWith('\n')) text = text.slice(1);
    this.#afterReturn = text === '' ? false : text.endsWith('\r');
    const parts = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#onLine(part);
    while (this.#rest.length > longestLine) {
      this.#onLine(this.#rest.slice(0, longestLine));
      this.#rest = this.#rest.slice(longestLine);
    }
  }
}

/** Keeps the end of a stream in bounded memory. */
export class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #kept = 0;
  #cut = 0;

  /** @param limit bytes to keep */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
    // Whole chunks only, and no more than half of them are copied at a time: rsync may print millions of lines.
    if (this.#kept > this.#limit * 2) this.#compact();
  }

  /** Bytes that were dropped from the front. */
  get cutBytes(): number {
    this.#compact();
    return this.#cut;
  }

  text(): string {
    this.#compact();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #compact(): void {
    if (this.#kept <= this.#limit) return;
    const all = Buffer.concat(this.#chunks);
    const kept = Buffer.from(all.subarray(all.length - this.#limit));
    this.#cut += all.length - kept.length;
    this.#chunks = [kept];
    this.#kept = kept.length;
  }
}
