import { z } from 'zod';
import { StepError } from '../../errors.ts';
import type { BootIdentity, Host } from '../../runbook/index.ts';
import { absolutePath } from '../../runbook/index.ts';
import { describeDisk, findDisk } from './find-disk.ts';
import { lookAtDisk, type KeptPath } from './look-at-disk.ts';
import { blockDevices, type BlockDevice } from './lsblk.ts';
import { readTable } from './partition-table.ts';
import { whyNotWrite } from './refusals.ts';

/** What every operation that writes a disk takes. */
export const disk = {
  /** The serial number, as a person has read and confirmed it. */
  serial: z.string().min(1).regex(/^\S+$/, { error: 'a serial number has no white space' }),
  /** Paths that must not lie on the disk, such as a backup; the root and the run's own folder never may. */
  keep: z
    .array(z.strictObject({ path: absolutePath, what: z.string().min(1) }))
    .readonly()
    .optional(),
};

/** Which disk it was when a step was prepared. */
export interface CapturedDisk {
  readonly path: string;
  readonly bytes: number;
  readonly sectorBytes: number;
  /** Nodes change their disks at a boot, and never within one. */
  readonly boot: BootIdentity;
}

export async function captureDisk(host: Host, found: BlockDevice): Promise<CapturedDisk> {
  const { path, bytes, sectorBytes } = found;
  return { path, bytes, sectorBytes, boot: await host.boot() };
}

/**
 * The confirmed disk, found again by its serial number, which must be the very disk that was captured.
 *
 * @throws StepError `disk.swapped` when the node shows another disk by now, `disk.other-size`, and those of `findDisk`
 */
export async function sameDisk(host: Host, serial: string, captured: CapturedDisk): Promise<BlockDevice> {
  const now = await findDisk(host, serial).catch(async (thrown: unknown) => {
    if (!(thrown instanceof StepError) || thrown.code !== 'disk.not-found') throw thrown;
    const shown = (await blockDevices(host)).find(({ path }) => path === captured.path);
    if (shown === undefined || !(await isSameBoot(host, captured))) throw thrown;
    throw swapped(serial, captured, shown);
  });
  if (now.path !== captured.path && (await isSameBoot(host, captured))) {
    const shown = (await blockDevices(host)).find(({ path }) => path === captured.path);
    throw swapped(serial, captured, shown);
  }
  if (now.bytes === captured.bytes && now.sectorBytes === captured.sectorBytes) return now;
  throw new StepError(
    'disk.other-size',
    `the disk ${serial} had ${captured.bytes} bytes in sectors of ${captured.sectorBytes}, and has ${now.bytes} in sectors of ${now.sectorBytes}`,
    'Two disks with one serial number? Attach only the one that is meant, as it was attached before.',
  );
}

/**
 * Proves that the disk may be written, now: not in use, no part of anything larger, and empty, given up, or filled by
 * this run alone.
 *
 * @throws StepError those of `whyNotWrite`
 */
export async function mustBeWritable(
  host: Host,
  found: BlockDevice,
  allowed: {
    readonly keep: readonly KeptPath[];
    readonly givenUp: boolean;
    readonly diskGuid?: string;
    readonly ours?: readonly string[];
  },
): Promise<void> {
  const facts = await lookAtDisk(host, found, allowed.keep);
  const table = await readTable(host, found.path);
  const ownTable = table !== undefined && table.guid === allowed.diskGuid;
  const refusal = whyNotWrite(describeDisk(found), facts, {
    givenUp: allowed.givenUp,
    ours: allowed.ours ?? [],
    ownTable,
  });
  if (refusal !== undefined) throw refusal;
}

/** What no disk that is written may hold, whatever else is asked to be kept. */
export function keptPaths(
  keep: readonly KeptPath[] | undefined,
  run: { readonly folder: string },
): readonly KeptPath[] {
  return [
    { path: '/', what: 'the root of the running system' },
    { path: run.folder, what: 'the state of this run' },
    ...(keep ?? []),
  ];
}

async function isSameBoot(host: Host, { boot }: CapturedDisk): Promise<boolean> {
  const now = await host.boot();
  return now.bootId === boot.bootId && now.initStart === boot.initStart;
}

function swapped(serial: string, { path }: CapturedDisk, shown: BlockDevice | undefined): StepError {
  return new StepError(
    'disk.swapped',
    `${path} was the disk ${serial}, and is now ${shown === undefined ? 'no disk at all' : describeDisk(shown)}`,
    'Disks were exchanged while this machine ran. Reboot it, see lsblk --output NAME,SERIAL,SIZE, and go on when the right disk is there.',
  );
}
