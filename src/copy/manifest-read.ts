import { createHash } from 'node:crypto';
import { StepError, messageOf } from '../errors.ts';
import { fromLine } from './entry-line.ts';
import type { Entry } from './entry.ts';
import { linesOf } from './lines.ts';
import {
  manifestHeader,
  manifestTrailer,
  type ManifestHeader,
  type ManifestSummary,
  type ManifestTrailer,
} from './manifest.ts';

export interface Manifest {
  readonly header: ManifestHeader;
  readonly summary: ManifestSummary;
  /** In the order of `comparePaths`; may be read several times. */
  readonly entries: () => Generator<Entry, void>;
  /** As they stand in the file, each with its newline. */
  readonly lines: () => Generator<Buffer, void>;
}

const newline = Buffer.from('\n');

/**
 * Opens a manifest, after its whole content was checked against its own digest and, where it is
 * given, against the one that was recorded elsewhere.
 *
 * @param expected SHA-256 from the summary at its completion
 * @throws StepError `manifest.missing`, `manifest.incomplete`, `manifest.damaged`, `manifest.other`
 */
export function openManifest(file: string, expected?: string): Manifest {
  const { header, trailer } = checked(file);
  if (expected !== undefined && expected !== trailer.sha256) {
    throw new StepError(
      'manifest.other',
      `${file} is not the manifest that was recorded: its digest is ${trailer.sha256}, and ${expected} is expected`,
      'Put the recorded one back from a backup, or copy again.',
    );
  }
  return {
    header,
    summary: { file, ...trailer },
    *entries() {
      let first = true;
      for (const { bytes } of linesOf(file)) {
        // The trailer is the only line that begins so.
        if (!first && bytes.subarray(0, 11).toString() !== '{"entries":') yield parsed(file, bytes);
        first = false;
      }
    },
    *lines() {
      for (const { bytes } of linesOf(file)) yield Buffer.concat([bytes, newline]);
    },
  };
}

/** As `openManifest`, but `undefined` when there is none or it was never completed. */
export function findManifest(file: string): Manifest | undefined {
  try {
    return openManifest(file);
  } catch (error) {
    if (error instanceof StepError && ['manifest.missing', 'manifest.incomplete'].includes(error.code))
      return undefined;
    throw error;
  }
}

function checked(file: string): { header: ManifestHeader; trailer: ManifestTrailer } {
  const digest = createHash('sha256');
  const counted = new Counts();
  let first: string | undefined;
  let last: Buffer | undefined;
  try {
    for (const { bytes, ended } of linesOf(file)) {
      if (last !== undefined) {
        digest.update(last).update('\n');
        counted.add(last);
      }
      if (!ended) throw incomplete(file);
      first ??= bytes.toString('utf8');
      last = Buffer.from(bytes);
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? missing(file) : error;
  }
  const header = manifestHeader.safeParse(json(first));
  if (!header.success)
    throw first === undefined ? incomplete(file) : damaged(file, 'its first line is no header');
  const trailer = manifestTrailer.safeParse(json(last?.toString('utf8')));
  if (!trailer.success) throw incomplete(file);
  if (digest.digest('hex') !== trailer.data.sha256)
    throw damaged(file, 'its content does not match its own digest');
  // The digest cannot be over its own line.
  if (!counted.are(trailer.data)) throw damaged(file, 'its counts do not match its content');
  return { header: header.data, trailer: trailer.data };
}

/** Counts again what the writer counted, by the text alone: parsing every line takes several times as long. */
class Counts {
  readonly #linked = new Set<string>();
  // The header is no entry.
  #entries = -1;
  #files = 0;
  #bytes = 0;

  add(line: Buffer): void {
    this.#entries += 1;
    // Within a path the quotes would be escaped.
    if (!line.includes('"type":"file"')) return;
    this.#files += 1;
    const text = line.toString('latin1');
    const inode = text.includes('"links":') ? /"inode":"(\d+)"/.exec(text)?.[1] : undefined;
    if (inode === undefined || !this.#linked.has(inode))
      this.#bytes += Number(/"size":(\d+)/.exec(text)?.[1] ?? 0);
    if (inode !== undefined) this.#linked.add(inode);
  }

  are({ entries, files, bytes }: ManifestTrailer): boolean {
    return this.#entries === entries && this.#files === files && this.#bytes === bytes;
  }
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function parsed(file: string, bytes: Buffer): Entry {
  try {
    return fromLine(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(file, `a line is no entry: ${messageOf(error)}`);
  }
}

function missing(file: string): StepError {
  return new StepError('manifest.missing', `there is no manifest ${file}`, 'A final copy pass writes it.');
}

function incomplete(file: string): StepError {
  return new StepError(
    'manifest.incomplete',
    `the manifest ${file} has no end: it was cut off`,
    'Run the final copy pass again; it writes a new one.',
  );
}

function damaged(file: string, how: string): StepError {
  return new StepError(
    'manifest.damaged',
    `the manifest ${file} was changed since it was written: ${how}`,
    'Put it back from a backup, or run the final copy pass again; the disk that holds it may be failing.',
  );
}
