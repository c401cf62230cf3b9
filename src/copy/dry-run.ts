import { existsSync, readdirSync } from 'node:fs';
import { asidePrefix } from './aside.ts';
import { showPath } from './byte-path.ts';
import { capacityAt, needOf, shortage, type Capacity, type Need } from './capacity.ts';
import { readingTime } from './estimate.ts';
import { rsyncFault } from './far/fault.ts';
import { takeInventory } from './inventory-take.ts';
import type { Totals } from './inventory.ts';
import type { CopyMachine } from './machine.ts';
import type { Goal } from './progress.ts';
import { excludedPaths, rsyncCommand, rsyncEnvironment, type RsyncOptions } from './rsync-command.ts';
import { judgeRsync } from './rsync-exit.ts';
import { parseRsyncLine } from './rsync-line.ts';
import type { Tree } from './tree.ts';

export interface DryRun {
  readonly source: Totals;
  readonly transfer: { readonly files: number; readonly bytes: number };
  /** What a final pass would remove from the target. */
  readonly deletions: { readonly count: number; readonly first: readonly string[] };
  readonly need: Need;
  readonly free: Capacity;
  /** Why it does not fit. */
  readonly shortage: string | undefined;
  /** Milliseconds to read once what is to be copied; `undefined` where that cannot be told, or is nothing. */
  readonly readingMs: number | undefined;
}

const shownDeletions = 10;

interface DryRunOptions extends Pick<RsyncOptions, 'from' | 'to' | 'exclude' | 'asRoot' | 'far'> {
  /** The source, where it is on another machine. */
  readonly fromTree?: Tree | undefined;
  /** What is known of a target on another machine. */
  readonly farTarget?: { readonly isEmpty: boolean; readonly free: Capacity } | undefined;
  /** See `needOf`. */
  readonly compressed: boolean;
  /** Whether to measure how long it takes, which itself takes a second or two. */
  readonly timed?: boolean;
}

/** Finds out what a copy would do, and changes nothing. */
export async function dryRun(
  options: DryRunOptions,
  machine: Pick<CopyMachine, 'run' | 'signal' | 'now'>,
): Promise<DryRun> {
  const { from, to, exclude, compressed, asRoot, timed, far, fromTree, farTarget } = options;
  const inventory = await takeInventory(from, {
    to,
    exclude: excludedPaths(exclude),
    signal: machine.signal,
    tree: fromTree,
  });
  const source = inventory.totals;
  const free = farTarget?.free ?? capacityAt(to);
  const time = async (part: Goal) =>
    timed === true && far === undefined ? readingTime(from, inventory, part, machine) : undefined;
  if (farTarget?.isEmpty ?? isEmpty(to)) {
    const need = needOf(source, compressed);
    const transfer = { files: source.files - source.hardLinks, bytes: source.bytes };
    return {
      source,
      transfer,
      deletions: { count: 0, first: [] },
      need,
      free,
      shortage: shortage(need, free),
      readingMs: await time(transfer),
    };
  }
  const transfer = { files: 0, bytes: 0 };
  const deletions = { count: 0, first: [] as string[] };
  const need = { bytes: 0, inodes: 0 };
  let largestChanged = 0;
  const result = await machine.run(
    rsyncCommand({ from, to, exclude, asRoot, far, pass: 'final', dryRun: true }),
    {
      env: rsyncEnvironment,
      signal: machine.signal,
      onLine: (text) => {
        const line = parseRsyncLine(text);
        if (line?.kind === 'deleted') {
          deletions.count += 1;
          if (deletions.first.length < shownDeletions) deletions.first.push(showPath(line.path));
        }
        if (line === undefined || (line.kind !== 'transferred' && line.kind !== 'made')) return;
        if (line.isNew) need.inodes += 1;
        if (line.kind === 'made') return;
        transfer.files += 1;
        transfer.bytes += line.size;
        // A file that is replaced needs room beside the old one, but only while it is written.
        if (line.isNew) need.bytes += Math.ceil(line.size / 4_096) * 4_096;
        else largestChanged = Math.max(largestChanged, line.size);
      },
    },
  );
  const fault = far && rsyncFault(far.access, result);
  if (fault !== undefined) throw fault;
  // The source may live.
  judgeRsync('warm', result);
  need.bytes += largestChanged;
  const readingMs = await time(transfer);
  return { source, transfer, deletions, need, free, shortage: shortage(need, free), readingMs };
}

/** Nothing there, or nothing in it but what its file system made, or a rollback has put aside. */
export function isEmpty(folder: string): boolean {
  return !existsSync(folder) || readdirSync(folder).every(isNoContent);
}

function isNoContent(name: string): boolean {
  return name === 'lost+found' || name.startsWith(asidePrefix);
}
