import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, sh, type Command, type Host, type UndoContext } from '../../runbook/index.ts';
import {
  captureDisk,
  disk,
  keptPaths,
  mustBeWritable,
  sameDisk,
  type CapturedDisk,
} from './confirmed-disk.ts';
import { describeDisk, findDisk, stablePath } from './find-disk.ts';
import { partitionLayout, partitionTypes } from './layout.ts';
import { withChildren, type BlockDevice } from './lsblk.ts';
import { partitionPath, readTable, type PartitionTable } from './partition-table.ts';
import { drawPartitions } from './picture.ts';
import { planPartitions, type PlannedPartition } from './plan-partitions.ts';
import { signaturesOn } from './signatures.ts';
import { nodesFor } from './nodes.ts';

const input = z.strictObject({
  ...disk,
  layout: partitionLayout,
  /** What is on the disk may be lost; without it only an empty disk is written. */
  givenUp: z.boolean().optional(),
});
type Input = z.output<typeof input>;

interface Captured extends CapturedDisk {
  readonly diskGuid: string;
  readonly partitions: readonly (PlannedPartition & { readonly guid: string })[];
}

const output = z.object({
  /** The node in this boot; find the disk by its serial in any later one. */
  device: z.string(),
  diskGuid: z.string(),
  partitions: z.array(
    z.object({ number: z.number(), name: z.string(), guid: z.string(), bytes: z.number(), node: z.string() }),
  ),
});

/**
 * Divides a disk by a GPT with sgdisk: the one disk with the serial number, when it is empty or given up, not in use,
 * and no part of a pool, RAID or the like. All of that is asked again right before the write.
 *
 * The undo removes the table when it is still this run's, and nothing has been made on its partitions.
 *
 * Input: `serial`; `layout`, the partitions in their order; `givenUp`; `keep`, paths that must not lie on the disk.
 * Output: the node, the disk's GUID, and the partitions with theirs.
 * @throws StepError `disk.not-found`, `disk.ambiguous`, `disk.swapped`, `disk.too-small`, `disk.not-written`, those of
 *   `whyNotWrite`; undo: `disk.not-empty` and those of `whyNotWrite`
 */
export const partitionDisk = operation({
  operation: 'partition-disk',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => {
    const found = await findDisk(host, input.serial);
    await mustBeWritable(host, found, {
      keep: keptPaths(input.keep, run),
      givenUp: input.givenUp === true,
    });
    return {
      ...(await captureDisk(host, found)),
      diskGuid: randomUUID().toUpperCase(),
      partitions: planPartitions(input.layout, found).map((partition) => ({
        ...partition,
        guid: randomUUID().toUpperCase(),
      })),
    };
  },
  output,
  probe: async ({ host, input, captured }) => {
    const found = await sameDisk(host, input.serial, captured);
    const table = await readTable(host, found.path);
    if (table?.guid === captured.diskGuid) {
      return (await isComplete(host, found, table, captured))
        ? { done: outputOf(found, captured) }
        : 'partial';
    }
    const signatures = await signaturesOn(host, found.path);
    if (signatures.length === 0 || input.givenUp === true) return 'not-started';
    return { unknown: `${describeDisk(found)} bears a table that this step did not write` };
  },
  idempotent: true,
  preview: async ({ host, input, run }) => {
    const found = await findDisk(host, input.serial);
    await mustBeWritable(host, found, { keep: keptPaths(input.keep, run), givenUp: input.givenUp === true });
    const partitions = planPartitions(input.layout, found);
    return {
      summary: drawPartitions({ ...found, title: describeDisk(found) }, partitions),
      facts: {
        disk: describeDisk(found),
        partitions: partitions.map(({ name, bytes }) => ({ name, bytes })),
      },
    };
  },
  describe: ({ input, captured }) => [
    `find the disk ${input.serial}, and see that it may be written`,
    ...(input.givenUp === true ? ['wipe the signatures of what was on it'] : []),
    tableCommand(`the disk ${input.serial}`, captured),
  ],
  run: async ({ host, input, captured, run, exec, log }) => {
    const mayBeWritten = async () => {
      const found = await sameDisk(host, input.serial, captured);
      await mustBeWritable(host, found, {
        keep: keptPaths(input.keep, run),
        givenUp: input.givenUp === true,
        diskGuid: captured.diskGuid,
      });
      return found;
    };
    let found = await mayBeWritten();
    log(drawPartitions({ ...found, title: describeDisk(found) }, captured.partitions));
    await refuseHiddenUse({ host, exec }, found);
    if (input.givenUp === true) {
      const nodes = withChildren(found).map(({ path }) => path);
      for (const node of nodes.toReversed()) await exec(sh`wipefs --all -- ${node}`);
      found = await mayBeWritten();
    }
    await exec(tableCommand(await stablePath(host, found), captured));
    await nodesFor({ host, exec }, found.path, captured.partitions.length);
    if (input.givenUp === true) {
      // What lay deep within the disk may begin where a partition now does.
      for (const { number } of captured.partitions) {
        await exec(sh`wipefs --all -- ${partitionPath(found.path, number)}`);
      }
    }
    return outputOf(found, captured);
  },
  verify: async ({ host, input, captured }) => {
    const found = await sameDisk(host, input.serial, captured);
    const table = await readTable(host, found.path);
    if (table !== undefined && (await isComplete(host, found, table, captured))) return;
    throw new StepError(
      'disk.not-written',
      `${describeDisk(found)} does not bear the table that was written`,
      `Read it with: sgdisk --print ${found.path}. A disk that forgets what was written is broken: see dmesg`,
    );
  },
  undo: {
    describe: ({ input }) =>
      `remove the table from the disk ${input.serial}, where it is this step's and its partitions are empty`,
    run: removeTable,
    breakGlass: ({ input, captured }) =>
      `On the disk ${input.serial} alone: where "sgdisk --print" shows the disk identifier ${captured.diskGuid} and "wipefs" shows nothing on its partitions, remove the table with "sgdisk --zap-all". No other disk was written.`,
  },
});

/** One call, so that there is one table or the other, and never a part of both. */
function tableCommand(path: string, { diskGuid, partitions }: Captured): Command {
  const options = partitions.flatMap(({ number, name, type, guid, firstSector, lastSector }) => [
    `--new=${number}:${firstSector}:${lastSector}`,
    `--typecode=${number}:${partitionTypes[type]}`,
    `--change-name=${number}:${name}`,
    `--partition-guid=${number}:${guid}`,
  ]);
  return {
    argv: ['sgdisk', '--clear', `--disk-guid=${diskGuid}`, '--set-alignment=1', ...options, path],
  };
}

/**
 * The kernel reads a table again only when nobody holds a partition: also one that is mounted in a namespace, or
 * opened by a virtual machine, which no table of mounts here shows.
 *
 * @throws StepError `disk.in-use`
 */
async function refuseHiddenUse(
  { host, exec }: Pick<UndoContext, 'host' | 'exec'>,
  found: BlockDevice,
): Promise<void> {
  const { stderr, exitCode } = await exec(sh`blockdev --rereadpt ${found.path}`, { anyExit: true });
  if (exitCode === 0 || !/busy/i.test(stderr)) {
    await nodesFor({ host, exec }, found.path, found.children.length);
    return;
  }
  throw new StepError(
    'disk.in-use',
    `${describeDisk(found)} is in use: the kernel says that it is busy`,
    'Somebody holds it or a part of it, maybe a container or a virtual machine: fuser -v, lsblk',
  );
}

async function isComplete(
  host: Host,
  found: BlockDevice,
  table: PartitionTable,
  { partitions }: Captured,
): Promise<boolean> {
  const same = partitions.every(({ number, name, guid, type, firstSector, lastSector }) => {
    const there = table.partitions.find((one) => one.number === number);
    return (
      there?.name === name &&
      there.guid === guid &&
      there.type === partitionTypes[type] &&
      there.firstSector === firstSector &&
      there.lastSector === lastSector
    );
  });
  if (!same || table.partitions.length !== partitions.length) return false;
  // Whether the copy at the disk's end is written, too.
  const { stdout, exitCode } = await host.exec(
    { argv: ['sgdisk', '--verify', found.path] },
    { anyExit: true },
  );
  return exitCode === 0 && stdout.includes('No problems found');
}

function outputOf(found: BlockDevice, { diskGuid, partitions }: Captured): z.input<typeof output> {
  return {
    device: found.path,
    diskGuid,
    partitions: partitions.map(({ number, name, guid, bytes }) => ({
      number,
      name,
      guid,
      bytes,
      node: partitionPath(found.path, number),
    })),
  };
}

async function removeTable({
  host,
  input,
  captured,
  run,
  exec,
  log,
}: UndoContext<unknown, unknown, Input, Captured>): Promise<void> {
  const found = await sameDisk(host, input.serial, captured);
  const table = await readTable(host, found.path);
  if (table?.guid !== captured.diskGuid) {
    log(`${describeDisk(found)} is left as it is: it does not bear this step's table`);
    return;
  }
  // The table is ours; whatever else is there is somebody's by now.
  const allowed = { keep: keptPaths(input.keep, run), givenUp: false, diskGuid: captured.diskGuid };
  await mustBeWritable(host, found, allowed);
  await refuseHiddenUse({ host, exec }, found);
  await exec(sh`sgdisk --zap-all ${await stablePath(host, found)}`);
  await nodesFor({ host, exec }, found.path, 0);
}
