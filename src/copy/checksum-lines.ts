import { bytesOf } from './byte-path.ts';
import type { Manifest } from './manifest-read.ts';

const linesAtOnce = 1_000;
const newline = Buffer.from('\n');

/**
 * A manifest as `xxhsum --check` reads it, from within the tree: a hash and a path a line, in the bytes of
 * the path. Names with a line break have no such line.
 *
 * @param onLeftOut told of each name that has none
 */
export function* checksumLines(manifest: Manifest, onLeftOut: () => void): Generator<Buffer, void> {
  let lines: Buffer[] = [];
  for (const { path, hash } of manifest.entries()) {
    if (hash === undefined) continue;
    const name = bytesOf(path);
    if (name.includes(newline)) {
      onLeftOut();
      continue;
    }
    lines.push(Buffer.from(`${hash}  `), name, newline);
    if (lines.length < 3 * linesAtOnce) continue;
    yield Buffer.concat(lines);
    lines = [];
  }
  yield Buffer.concat(lines);
}
