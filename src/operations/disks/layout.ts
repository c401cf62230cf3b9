import { z } from 'zod';
import { diskSize } from './size.ts';

/** GUIDs of partition types, as the UEFI specification and the Discoverable Partitions Specification have them. */
export const partitionTypes = {
  esp: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  linux: '0FC63DAF-8483-4772-8E79-3D69D8477DE4',
  swap: '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F',
} as const;

export const partitionRequest = z.strictObject({
  /** Its name in the table; at most 36 characters. */
  name: z
    .string()
    .regex(/^[\w.+-]{1,36}$/, { error: 'expected a name of at most 36 letters, digits and . _ + -' }),
  /** `rest`: what the others leave; at most one partition may say so. */
  size: z.union([z.literal('rest'), diskSize]),
  /** With `rest`: refuse a disk that leaves less. */
  atLeast: diskSize.optional(),
  type: z.enum(['esp', 'linux', 'swap']),
  /** What it is for, in the picture, such as a mount point. */
  purpose: z.string().optional(),
});
export type PartitionRequest = z.output<typeof partitionRequest>;

/** The partitions of a disk, in the order in which they lie on it. */
export const partitionLayout = z
  .array(partitionRequest)
  .min(1)
  .max(128)
  .refine((all) => all.filter(({ size }) => size === 'rest').length <= 1, {
    error: 'only one partition may take the rest',
  })
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
    error: 'two partitions have one name',
  })
  .readonly();
export type PartitionLayout = z.output<typeof partitionLayout>;
