import { z } from 'zod';
import type { Command } from '../../runbook/index.ts';

export const fileSystemTypes = ['vfat', 'ext4', 'swap'] as const;
export type FileSystemType = (typeof fileSystemTypes)[number];

/** Of a FAT: eight hexadecimal digits, as blkid prints them. */
const volumeId = /^[0-9A-F]{4}-[0-9A-F]{4}$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const fileSystemRequest = z
  .strictObject({
    /** Number of the partition. */
    partition: z.number().int().positive(),
    type: z.enum(fileSystemTypes),
    /** At most 11 characters on vfat, 16 otherwise. */
    label: z.string().regex(/^[\w.+-]{1,16}$/, { error: 'expected at most 16 letters, digits and . _ + -' }),
    /** As blkid prints it; chosen by the step when left out. */
    uuid: z.string().optional(),
  })
  .refine(({ type, label }) => type !== 'vfat' || label.length <= 11, {
    path: ['label'],
    error: 'a label of vfat has at most 11 characters',
  })
  .refine(({ type, uuid: given }) => given === undefined || (type === 'vfat' ? volumeId : uuid).test(given), {
    path: ['uuid'],
    error: 'expected XXXX-XXXX in upper case for vfat, a UUID in lower case otherwise',
  });

/** A new identity for a file system of that type, from a random UUID. */
export function identityFor(type: FileSystemType, random: string): string {
  if (type !== 'vfat') return random.toLowerCase();
  const digits = random.replaceAll('-', '').slice(0, 8).toUpperCase();
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

/** Makes it anew, whatever is there: what may be made is decided before. */
export function makeCommand(
  node: string,
  {
    type,
    label,
    uuid: identity,
  }: { readonly type: FileSystemType; readonly label: string; readonly uuid: string },
): Command {
  switch (type) {
    case 'vfat':
      return { argv: ['mkfs.vfat', '-F', '32', '-i', identity.replace('-', ''), '-n', label, node] };
    case 'ext4':
      return { argv: ['mkfs.ext4', '-q', '-F', '-U', identity, '-L', label, node] };
    case 'swap':
      return { argv: ['mkswap', '--force', '--uuid', identity, '--label', label, node] };
  }
}

/** Looks whether it is sound, and changes nothing; undefined where there is nothing to look at. */
export function checkCommand(node: string, type: FileSystemType): Command | undefined {
  switch (type) {
    case 'vfat':
      return { argv: ['fsck.vfat', '-n', node] };
    case 'ext4':
      return { argv: ['e2fsck', '-f', '-n', node] };
    case 'swap':
      return undefined;
  }
}
