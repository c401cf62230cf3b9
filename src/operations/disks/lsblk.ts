import { z } from 'zod';
import { StepError } from '../../errors.ts';
import type { Host } from '../../runbook/index.ts';

/** A block device as the machine shows it: a disk, a partition, or what is made of them. */
export interface BlockDevice {
  /** The kernel's name, such as `nvme0n1p2`. */
  readonly name: string;
  /** Its node, such as `/dev/nvme0n1p2`. */
  readonly path: string;
  /** `major:minor` */
  readonly device: string;
  /** `disk`, `part`, `loop`, `crypt`, `lvm`, `raid1` and so on. */
  readonly type: string;
  readonly bytes: number;
  readonly sectorBytes: number;
  readonly readOnly: boolean;
  readonly serial: string | undefined;
  readonly model: string | undefined;
  /** Where lsblk sees it mounted; `[SWAP]` for swap in use. */
  readonly mountPoints: readonly string[];
  /** Partitions, and what is made of it. */
  readonly children: readonly BlockDevice[];
}

const text = z.string().nullish();
const shape = z.object({
  kname: z.string(),
  path: z.string(),
  'maj:min': z.string(),
  type: z.string(),
  size: z.coerce.number(),
  'log-sec': z.coerce.number(),
  ro: z.union([z.boolean(), z.enum(['0', '1']).transform((one) => one === '1')]),
  serial: text,
  model: text,
  mountpoints: z.array(z.string().nullable()).nullish(),
  get children() {
    return z.array(shape).optional();
  },
});
type Shape = z.output<typeof shape>;

const columns = [
  'KNAME',
  'PATH',
  'MAJ:MIN',
  'TYPE',
  'SIZE',
  'LOG-SEC',
  'RO',
  'SERIAL',
  'MODEL',
  'MOUNTPOINTS',
];

/**
 * Every disk of the machine, with what is on it and made of it.
 * @throws StepError `disk.lsblk` when lsblk says what nobody understands
 */
export async function blockDevices(host: Host): Promise<readonly BlockDevice[]> {
  const { stdout } = await host.exec({
    argv: ['lsblk', '--json', '--bytes', '--all', '--output', columns.join(',')],
  });
  return readLsblk(stdout);
}

/** @throws StepError `disk.lsblk` */
export function readLsblk(json: string): readonly BlockDevice[] {
  try {
    return z
      .object({ blockdevices: z.array(shape) })
      .parse(JSON.parse(json))
      .blockdevices.map(deviceOf);
  } catch (thrown) {
    throw new StepError(
      'disk.lsblk',
      'lsblk did not answer as expected, so no disk can be told from another',
      'It needs util-linux 2.37 or newer: lsblk --version',
      thrown,
    );
  }
}

function deviceOf(found: Shape): BlockDevice {
  return {
    name: found.kname,
    path: found.path,
    device: found['maj:min'].trim(),
    type: found.type,
    bytes: found.size,
    sectorBytes: found['log-sec'],
    readOnly: found.ro,
    serial: found.serial?.trim() || undefined,
    model: found.model?.trim() || undefined,
    mountPoints: (found.mountpoints ?? []).filter((point) => point !== null),
    children: (found.children ?? []).map(deviceOf),
  };
}

/** The device and everything on it and made of it. */
export function withChildren(device: BlockDevice): readonly BlockDevice[] {
  return [device, ...device.children.flatMap(withChildren)];
}
