import { StepError } from '../../errors.ts';
import type { PartitionLayout, PartitionRequest } from './layout.ts';
import { bytesOf, showBytes } from './size.ts';

/** One partition, by sectors of the disk. */
export interface PlannedPartition {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly type: PartitionRequest['type'];
  readonly purpose?: string;
  readonly firstSector: number;
  /** It belongs to the partition. */
  readonly lastSector: number;
  readonly bytes: number;
}

export interface DiskGeometry {
  readonly bytes: number;
  /** Bytes of a logical sector: 512 or 4096. */
  readonly sectorBytes: number;
}

/** 1 MiB suits every block size that disks and flash have. */
const alignment = 2 ** 20;
/** 128 entries of 128 bytes. */
const entriesBytes = 128 * 128;

/**
 * Lays partitions out on a disk of that size: those of a fixed size first, and what is left goes to the one that takes
 * the rest. A fixed size is rounded up to whole MiB. At both ends is room for the GPT and its copy.
 *
 * @throws StepError `disk.too-small` with what is missing, `disk.sectors` for a disk that cannot be laid out
 */
export function planPartitions(layout: PartitionLayout, disk: DiskGeometry): readonly PlannedPartition[] {
  const { sectorBytes } = disk;
  if (!Number.isInteger(Math.log2(sectorBytes)) || sectorBytes < 512 || sectorBytes > alignment) {
    throw new StepError('disk.sectors', `a disk with sectors of ${sectorBytes} bytes cannot be laid out`);
  }
  const { first, end } = usableBytes(disk);
  const room = Math.max(0, end - first);
  const fixed = layout.map(({ size }) => (size === 'rest' ? 0 : roundUp(bytesOf(size))));
  const taken = fixed.reduce((sum, bytes) => sum + bytes, 0);
  const rest = layout.find(({ size }) => size === 'rest');
  const left = room - taken;
  const needed =
    rest === undefined ? 0 : Math.max(alignment, rest.atLeast === undefined ? 0 : bytesOf(rest.atLeast));
  if (left < needed) throw tooSmall(layout, disk, { taken, needed, left, rest: rest?.name });
  let start = first;
  return layout.map(({ name, type, purpose, size }, index) => {
    const bytes = size === 'rest' ? left : (fixed[index] ?? 0);
    const partition = {
      number: index + 1,
      name,
      type,
      ...(purpose === undefined ? {} : { purpose }),
      firstSector: start / sectorBytes,
      lastSector: (start + bytes) / sectorBytes - 1,
      bytes,
    };
    start += bytes;
    return partition;
  });
}

/** Where partitions may lie: behind the protective MBR, the header and its entries, and before their copy. */
function usableBytes({ bytes, sectorBytes }: DiskGeometry): { first: number; end: number } {
  const sectors = Math.floor(bytes / sectorBytes);
  const entries = Math.ceil(entriesBytes / sectorBytes);
  const first = roundUp((2 + entries) * sectorBytes);
  return { first, end: roundDown((sectors - 1 - entries) * sectorBytes) };
}

function tooSmall(
  layout: PartitionLayout,
  disk: DiskGeometry,
  { taken, needed, left, rest }: { taken: number; needed: number; left: number; rest: string | undefined },
): StepError {
  const sizes = layout
    .filter(({ size }) => size !== 'rest')
    .map(({ name, size }) => `${name} ${size}`)
    .join(' + ');
  const missing = showBytes(needed - left);
  const what = rest === undefined ? sizes : `${sizes}, and at least ${showBytes(needed)} for ${rest},`;
  return new StepError(
    'disk.too-small',
    `${what} do not fit a disk of ${disk.bytes} bytes (${showBytes(disk.bytes)}): ${missing} are missing`,
    `Make a partition smaller: the fixed ones take ${showBytes(taken)}. Where a plan adds up to the size on the label, let one partition take the rest.`,
  );
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function roundDown(bytes: number): number {
  return Math.floor(bytes / alignment) * alignment;
}
