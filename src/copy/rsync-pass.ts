import { messageOf, StepError } from '../errors.ts';
import type { CopyLog } from './copy-log-write.ts';
import { FlushedFiles } from './flushed-files.ts';
import { largeBytes, watchHalfWritten } from './half-written.ts';
import { rsyncFault } from './far/fault.ts';
import type { PassOptions } from './pass.ts';
import { knowledge, type Inventory } from './inventory.ts';
import { guarded, type CopyMachine } from './machine.ts';
import { ProgressReport } from './progress-report.ts';
import type { Following } from './following.ts';
import type { ReadAhead } from './read-ahead.ts';
import { rsyncCommand, rsyncEnvironment, type RsyncOptions } from './rsync-command.ts';
import { cameToItsEnd, judgeRsync } from './rsync-exit.ts';
import { parseRsyncLine, type RsyncLine } from './rsync-line.ts';
import { writeOut } from './write-out.ts';

type RsyncPassOptions = RsyncOptions & Pick<PassOptions, 'toTree'>;

/** What a pass goes by, and what goes beside it. */
export interface PassWork {
  readonly inventory: Inventory;
  readonly log: CopyLog;
  readonly machine: CopyMachine;
  readonly ahead?: ReadAhead | undefined;
  readonly following?: Following | undefined;
}

export interface Transferred {
  files: number;
  bytes: number;
  deleted: number;
}

/**
 * Runs rsync once over the tree. What it reads becomes known to the inventory and the log; what is
 * written is on the target's disk at the end.
 *
 * @throws StepError as `judgeRsync`, and what the guard throws
 */
export async function rsyncOnce(
  options: RsyncPassOptions,
  { inventory, log, machine, ahead, following }: PassWork,
): Promise<Transferred> {
  const { totals } = inventory;
  const isFinal = options.pass === 'final';
  const report = new ProgressReport('copying', totals, machine.progress, machine.now, isFinal);
  const transferred: Transferred = { files: 0, bytes: 0, deleted: 0 };
  const take = (line: RsyncLine) => {
    if (line.kind === 'deleted') transferred.deleted += 1;
    const slot = line.isFile ? inventory.paths.get(line.path) : undefined;
    if (slot === undefined) return;
    const first = inventory.meet(slot);
    const size = first ? inventory.sizeOf(slot) : 0;
    report.add(size, 1, size >= largeBytes);
    if (size > 0) ahead?.passed();
    following?.told(slot);
    if (line.kind !== 'transferred' || line.hash === undefined) return;
    transferred.files += 1;
    transferred.bytes += line.size;
    inventory.learn(slot, line.hash, knowledge.transferred);
    log.add(inventory.copied(line.path, slot, line.hash), machine.now());
    flushedFiles?.copied(line.path, slot);
    following?.copied(slot, line.path);
  };
  const flushedFiles = options.toTree === undefined ? new FlushedFiles(options.to, inventory) : undefined;
  const flush = async (signal: AbortSignal) => {
    const files = flushedFiles?.arrived() ?? 0;
    await machine.flush(options.to, signal);
    if (files > 0) log.flushed(files);
  };
  const [halfWritten, writing] =
    options.toTree === undefined
      ? [
          watchHalfWritten(options.to, inventory, (bytes) => report.underway(bytes)),
          writeOut((signal) => following?.afterFlush(() => flush(signal)) ?? flush(signal)),
        ]
      : [];
  let ended: Awaited<ReturnType<CopyMachine['run']>>;
  let lost: unknown;
  try {
    ended = await guarded(machine, async (signal) => {
      const result = await machine.run(rsyncCommand(options), {
        env: rsyncEnvironment,
        signal,
        onLine: (text) => {
          const line = parseRsyncLine(text);
          if (line !== undefined) take(line);
        },
      });
      log.sync();
      const fault = options.far && rsyncFault(options.far.access, result);
      if (fault !== undefined) throw fault;
      if (!cameToItsEnd(result)) judgeRsync(options.pass, result);
      return result;
    });
  } finally {
    halfWritten?.end();
    lost = await writing?.end();
  }
  if (lost !== undefined) throw cannotSync(options.to, messageOf(lost));
  report.end();
  await syncTarget(options, machine);
  // Also where some files could not be copied: the others need not be read again for that.
  log.synced();
  await following?.afterFlush(() => Promise.resolve());
  judgeRsync(options.pass, ended);
  return transferred;
}

/** What rsync wrote is in memory until then. */
async function syncTarget({ to, toTree }: RsyncPassOptions, machine: CopyMachine): Promise<void> {
  machine.log(`waiting until the disk holds what was written to ${toTree?.place ?? to}`);
  await guarded(machine, async (signal) => {
    if (toTree !== undefined) return toTree.sync();
    const { exitCode, stderr } = await machine.run(['sync', '-f', to], { signal });
    if (exitCode !== 0) throw cannotSync(to, stderr);
  });
  await machine.guard();
}

function cannotSync(to: string, stderr: string): StepError {
  return new StepError(
    'copy.cannot-sync',
    `what was written to ${to} cannot be brought to its disk: ${stderr.trim()}`,
    'The disk may be failing: see dmesg.',
  );
}
