import { existsSync } from 'node:fs';
import {
  copiedLine,
  copyLogHeader,
  flushMark,
  passEnd,
  type CopiedFile,
  type CopyLogHeader,
  type PassEnd,
} from './copy-log.ts';
import { pathOf } from './entry-line.ts';
import { jsonOf, linesOf } from './lines.ts';

/** Whose copy it is; `undefined` when there is no log, or it was cut off before it began. */
export function readCopyLogHeader(file: string): CopyLogHeader | undefined {
  if (!existsSync(file)) return undefined;
  for (const { bytes, ended } of linesOf(file)) {
    const header = copyLogHeader.safeParse(jsonOf(bytes));
    return ended && header.success ? header.data : undefined;
  }
  return undefined;
}

/** The end of each pass that began, in order; `undefined` for one that did not come to its end. */
export function readPasses(file: string): readonly (PassEnd | undefined)[] {
  const passes: (PassEnd | undefined)[] = [];
  if (!existsSync(file)) return passes;
  for (const { bytes, ended } of linesOf(file)) {
    if (!ended) break;
    const mark = markOf(bytes);
    if (mark === 'began') passes.push(undefined);
    if (mark === 'distrusted') passes.fill(undefined);
    const end = mark === 'ended' ? passEnd.safeParse(jsonOf(bytes)) : undefined;
    if (end?.success === true && passes.length > 0) passes[passes.length - 1] = end.data;
  }
  return passes;
}

/** Whether the last that happened to a copy is that a pass of it was taken back. */
export function isDistrusted(file: string): boolean {
  if (!existsSync(file)) return false;
  let last: ReturnType<typeof markOf>;
  for (const { bytes, ended } of linesOf(file)) if (ended) last = markOf(bytes) ?? last;
  return last === 'distrusted';
}

/**
 * The files that earlier passes read, later ones last. Lines that make no sense are passed over: their
 * files are simply read again.
 *
 * @param each is told `synced` when the target was synced after the file was copied, so that its disk holds it
 */
export function readCopiedFiles(file: string, each: (copied: CopiedFile, synced: boolean) => void): void {
  const vouchedFor = filesVouchedFor(file);
  let pass = -1;
  let number = 0;
  for (const { bytes, ended } of linesOf(file)) {
    if (!ended) return;
    const mark = markOf(bytes);
    if (mark === 'began') {
      pass += 1;
      number = 0;
    }
    if (mark !== undefined) continue;
    number += 1;
    const line = copiedLine.safeParse(jsonOf(bytes));
    if (!line.success) continue;
    const { path, pathHex, hash, inode, ctimeNs, size } = line.data;
    const copied = pathOf(path, pathHex);
    if (copied === undefined) continue;
    each(
      { path: copied, hash, inode: BigInt(inode), ctimeNs: BigInt(ctimeNs), size },
      number <= (vouchedFor[pass] ?? 0),
    );
  }
}

/** Of each pass, how many of the files that it copied are known to be on the target's disk. */
function filesVouchedFor(file: string): readonly number[] {
  const passes: number[] = [];
  let number = 0;
  for (const { bytes, ended } of linesOf(file)) {
    if (!ended) break;
    const mark = markOf(bytes);
    if (mark === undefined) number += 1;
    if (mark === 'began') {
      passes.push(0);
      number = 0;
    }
    if (mark === 'distrusted') passes.fill(0);
    if (passes.length === 0) continue;
    if (mark === 'ended' || mark === 'synced') passes[passes.length - 1] = number;
    if (mark === 'flushed') passes[passes.length - 1] = flushedFiles(bytes, number);
  }
  return passes;
}

function flushedFiles(bytes: Buffer, copied: number): number {
  const mark = flushMark.safeParse(jsonOf(bytes));
  return mark.success ? Math.min(mark.data.flushed, copied) : 0;
}

function markOf(bytes: Buffer): 'began' | 'ended' | 'flushed' | 'synced' | 'distrusted' | undefined {
  const start = bytes.subarray(0, 14).toString('latin1');
  if (start.startsWith('{"passBegan"')) return 'began';
  if (start.startsWith('{"passEnded"')) return 'ended';
  if (start.startsWith('{"flushed"')) return 'flushed';
  if (start.startsWith('{"synced"')) return 'synced';
  return start === '{"distrusted":' ? 'distrusted' : undefined;
}
