import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { StepError } from '../../errors.ts';
import { operation, sh, type Host, type UndoContext } from '../../runbook/index.ts';
import {
  captureDisk,
  disk,
  keptPaths,
  mustBeWritable,
  sameDisk,
  type CapturedDisk,
} from './confirmed-disk.ts';
import { firstThingOn } from './contents.ts';
import {
  checkCommand,
  fileSystemRequest,
  identityFor,
  makeCommand,
  type FileSystemType,
} from './file-system-kinds.ts';
import { describeDisk, findDisk } from './find-disk.ts';
import { partitionPath, readTable } from './partition-table.ts';
import { signaturesOn } from './signatures.ts';
import { nodesFor } from './nodes.ts';

const input = z.strictObject({
  ...disk,
  /** GUID of the table that this run wrote, as `partitionDisk` gives it. */
  diskGuid: z.string().min(1),
  systems: z.array(fileSystemRequest).min(1).readonly(),
});
type Input = z.output<typeof input>;

interface FileSystem {
  readonly partition: number;
  readonly type: FileSystemType;
  readonly label: string;
  readonly uuid: string;
}

interface Captured extends CapturedDisk {
  readonly systems: readonly FileSystem[];
}

const output = z.object({
  systems: z.array(
    z.object({
      partition: z.number(),
      type: z.string(),
      label: z.string(),
      uuid: z.string(),
      node: z.string(),
    }),
  ),
});

/**
 * Makes file systems and swap on partitions of the one disk with the serial number, where it still bears the table
 * that this run wrote, and nothing but what this step itself has made. Their UUIDs are chosen before anything is
 * written.
 *
 * The undo wipes them, as long as they hold nothing but folders.
 *
 * Input: `serial`, `diskGuid`, `systems`, `keep`. Output: the file systems with their UUIDs and nodes.
 * @throws StepError `disk.other-table`, `disk.not-made`, those of `partitionDisk`; undo: `disk.holds-data`
 */
export const makeFileSystems = operation({
  operation: 'make-file-systems',
  version: 1,
  reversal: 'undo',
  input,
  capture: async ({ host, input, run }): Promise<Captured> => {
    const found = await findDisk(host, input.serial);
    await mustBearTable(host, found.path, input);
    await mustBeWritable(host, found, {
      keep: keptPaths(input.keep, run),
      givenUp: false,
      diskGuid: input.diskGuid,
    });
    return {
      ...(await captureDisk(host, found)),
      systems: input.systems.map(({ partition, type, label, uuid }) => ({
        partition,
        type,
        label,
        uuid: uuid ?? identityFor(type, randomUUID()),
      })),
    };
  },
  output,
  probe: async ({ host, input, captured }) => {
    const found = await sameDisk(host, input.serial, captured);
    await mustBearTable(host, found.path, input);
    const states = await Promise.all(captured.systems.map((one) => stateOf(host, found.path, one)));
    const foreign = states.find((state) => state.startsWith('foreign'));
    if (foreign !== undefined)
      return { unknown: `on ${describeDisk(found)} is ${foreign.slice('foreign '.length)}` };
    if (states.every((state) => state === 'made')) return { done: outputOf(found.path, captured) };
    return states.every((state) => state === 'empty') ? 'not-started' : 'partial';
  },
  idempotent: true,
  describe: ({ input, captured }) => [
    `find the disk ${input.serial}, and see that nothing is on it but this run's table`,
    ...captured.systems.map((one) => makeCommand(`‹partition ${one.partition}›`, one)),
  ],
  run: async ({ host, input, captured, run, exec }) => {
    for (const one of captured.systems) {
      const found = await sameDisk(host, input.serial, captured);
      await mustBearTable(host, found.path, input);
      await mustBeWritable(host, found, {
        keep: keptPaths(input.keep, run),
        givenUp: false,
        diskGuid: input.diskGuid,
        ours: captured.systems.map(({ uuid }) => uuid),
      });
      const node = partitionPath(found.path, one.partition);
      // Of an interrupted attempt: nobody has mounted it, since this step is not done.
      if (await refilled(host, run.folder, found.path, one))
        throw holdsData(node, 'something, although this step was never done');
      await exec(sh`wipefs --all -- ${node}`);
      await exec(makeCommand(node, one));
    }
    const { path } = await sameDisk(host, input.serial, captured);
    await exec(sh`sync`);
    await nodesFor({ host, exec }, path, captured.systems.length);
    return outputOf(path, captured);
  },
  verify: async ({ host, input, captured }) => {
    const { path } = await sameDisk(host, input.serial, captured);
    for (const one of captured.systems) {
      const state = await stateOf(host, path, one);
      if (state === 'made') continue;
      throw new StepError(
        'disk.not-made',
        `${partitionPath(path, one.partition)} does not bear the ${one.type} that was made: ${state}`,
        'A disk that forgets what was written is broken: see dmesg',
      );
    }
  },
  undo: {
    describe: ({ input }) =>
      `wipe the file systems of the disk ${input.serial}, where they hold nothing but folders`,
    run: wipe,
    breakGlass: ({ input, captured }) =>
      `On the disk ${input.serial} alone: wipe with "wipefs --all" the partitions whose file systems have the UUIDs ${captured.systems.map(({ uuid }) => uuid).join(', ')} (see blkid), once you have seen that they hold nothing that you need. No other disk was written.`,
  },
});

/** @throws StepError `disk.other-table` */
async function mustBearTable(host: Host, path: string, { serial, diskGuid }: Input): Promise<void> {
  const table = await readTable(host, path);
  if (table?.guid === diskGuid.toUpperCase()) return;
  throw new StepError(
    'disk.other-table',
    `${path} (serial ${serial}) does not bear the table ${diskGuid} that was written to it, but ${table?.guid ?? 'none'}`,
    'Somebody has divided it anew: see sgdisk --print, and go back to before that step.',
  );
}

async function stateOf(host: Host, disk: string, { partition, type, uuid }: FileSystem): Promise<string> {
  const node = partitionPath(disk, partition);
  const signatures = await signaturesOn(host, node);
  if (signatures.length === 0) return 'empty';
  const foreign = signatures.find(
    (one) => one.uuid?.toLowerCase() !== uuid.toLowerCase() && one.uuid !== null,
  );
  if (foreign !== undefined) return `foreign ${foreign.type} ${foreign.uuid}`;
  const check = checkCommand(node, type);
  if (check === undefined) return 'made';
  const { exitCode } = await host.exec(check, { anyExit: true });
  return exitCode === 0 ? 'made' : 'half made';
}

/** Whether somebody has used it already; one that was only half made nobody could. */
async function refilled(host: Host, folder: string, disk: string, one: FileSystem): Promise<boolean> {
  if ((await stateOf(host, disk, one)) !== 'made') return false;
  const node = partitionPath(disk, one.partition);
  return (await firstThingOn(host, { node, type: one.type, label: one.label, folder })) !== undefined;
}

async function wipe({
  host,
  input,
  captured,
  run,
  exec,
  log,
}: UndoContext<unknown, unknown, Input, Captured>): Promise<void> {
  const found = await sameDisk(host, input.serial, captured);
  const table = await readTable(host, found.path);
  if (table?.guid !== input.diskGuid.toUpperCase()) {
    log(`${describeDisk(found)} is left as it is: it does not bear this run's table`);
    return;
  }
  await mustBeWritable(host, found, {
    keep: keptPaths(input.keep, run),
    givenUp: false,
    diskGuid: input.diskGuid,
    ours: captured.systems.map(({ uuid }) => uuid),
  });
  const wiped = [];
  for (const one of captured.systems) {
    const node = partitionPath(found.path, one.partition);
    const signatures = await signaturesOn(host, node);
    if (!signatures.some(({ uuid }) => uuid?.toLowerCase() === one.uuid.toLowerCase())) continue;
    const thing = await firstThingOn(host, { node, type: one.type, label: one.label, folder: run.folder });
    if (thing !== undefined) throw holdsData(node, thing);
    wiped.push(node);
  }
  // Only when none of them holds anything.
  for (const node of wiped) await exec(sh`wipefs --all -- ${node}`);
}

function holdsData(node: string, thing: string): StepError {
  return new StepError(
    'disk.holds-data',
    `${node} holds ${thing}, so it is not wiped`,
    'Take back what has put it there, or save it; then go on. Or keep the disk as it is, and settle this step as undone.',
  );
}

function outputOf(path: string, { systems }: Captured): z.input<typeof output> {
  return { systems: systems.map((one) => ({ ...one, node: partitionPath(path, one.partition) })) };
}
