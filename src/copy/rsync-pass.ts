import { StepError } from '../errors.ts';
import type { CopyLog } from './copy-log-write.ts';
import { largeBytes, watchHalfWritten } from './half-written.ts';
import { rsyncFault } from './far/fault.ts';
import type { PassOptions } from './pass.ts';
import { knowledge, type Inventory } from './inventory.ts';
import { guarded, type CopyMachine } from './machine.ts';
import { ProgressReport } from './progress-report.ts';
import { ReadAhead } from './read-ahead.ts';
import { rsyncCommand, rsyncEnvironment, type RsyncOptions } from './rsync-command.ts';
import { cameToItsEnd, judgeRsync } from './rsync-exit.ts';
import { parseRsyncLine, type RsyncLine } from './rsync-line.ts';
import { writeOut } from './write-out.ts';

type RsyncPassOptions = RsyncOptions & Pick<PassOptions, 'toTree'>;

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
  { inventory, log, machine }: { inventory: Inventory; log: CopyLog; machine: CopyMachine },
): Promise<Transferred> {
  const { totals } = inventory;
  const report = new ProgressReport('copying', totals, machine.progress, machine.now);
  const transferred: Transferred = { files: 0, bytes: 0, deleted: 0 };
  const ahead = readsAhead(options) ? new ReadAhead(options.from, options.to, inventory) : undefined;
  const take = (line: RsyncLine) => {
    if (line.kind === 'deleted') transferred.deleted += 1;
    const slot = line.isFile ? inventory.paths.get(line.path) : undefined;
    if (slot === undefined) return;
    const first = inventory.meet(slot);
    const size = first ? inventory.sizeOf(slot) : 0;
    report.add(size, 1, size >= largeBytes);
    if (size > 0) ahead?.passed();
    if (line.kind !== 'transferred' || line.hash === undefined) return;
    transferred.files += 1;
    transferred.bytes += line.size;
    inventory.learn(slot, line.hash, knowledge.transferred);
    log.add(inventory.copied(line.path, slot, line.hash), machine.now());
  };
  const [halfWritten, writing] =
    options.toTree === undefined
      ? [
          watchHalfWritten(options.to, inventory, (bytes) => report.underway(bytes)),
          writeOut((signal) => machine.flush(options.to, signal)),
        ]
      : [];
  let ended: Awaited<ReturnType<CopyMachine['run']>>;
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
    await Promise.all([ahead?.end(), writing?.end()]);
  }
  report.end();
  await syncTarget(options, machine);
  // Also where some files could not be copied: the others need not be read again for that.
  log.synced();
  judgeRsync(options.pass, ended);
  return transferred;
}

/** Where others are to come first, nothing is read that rsync did not ask for. */
function readsAhead({ idle, bandwidth, far }: RsyncOptions): boolean {
  return far === undefined && idle !== true && bandwidth === undefined;
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
