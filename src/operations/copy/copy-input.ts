import { posix } from 'node:path';
import { z } from 'zod';
import { absolutePath } from '../../runbook/index.ts';
import { anyPlace, isFarPlace, type AnyPlace } from '../far/far-place.ts';

/** A disk that must be mounted for every write. */
export const expectedMount = z.strictObject({ point: absolutePath, uuid: z.string().min(1) });
export type ExpectedMount = z.infer<typeof expectedMount>;

const relativePath = z
  .string()
  .refine(
    (path) =>
      path !== '' &&
      !path.startsWith('/') &&
      path === posix.normalize(path) &&
      !path.endsWith('/') &&
      !path.startsWith('..'),
    {
      error: 'expected a path within the source, such as `var/cache`',
    },
  );

/** What every operation on a source and its copy takes; one of the two may be on another machine. */
export const copyPaths = {
  /** Its contents are copied. */
  from: anyPlace,
  /** They come to lie in here. */
  to: anyPlace,
  /** Paths within the source to leave out: exact, no patterns. */
  exclude: z.array(relativePath).readonly().optional(),
  expectMount: expectedMount.optional(),
};

/** rsync itself does not go from one far place to another. */
export const oneIsHere = [
  ({ from, to }: { readonly from: AnyPlace; readonly to: AnyPlace }) => !isFarPlace(from) || !isFarPlace(to),
  { path: ['to'], error: 'expected a folder on this machine, since the source is on another one' },
] satisfies [unknown, unknown];

/** What `copyTree` takes. */
export const copyInput = z
  .strictObject({
    ...copyPaths,
    /** `warm`: while the source is in use, to save time. `final`: while it is frozen. */
    pass: z.enum(['warm', 'final']),
    /** The file that the final pass writes, the same for all passes of a copy; outside source and target. */
    manifest: absolutePath,
    /** Says that a target which holds something already is meant; a final pass deletes what the source does not hold. */
    into: z.literal('existing').optional(),
    /** KiB a second. */
    bandwidth: z.number().int().positive().optional(),
    /** Give way to other use of the disks; true for a warm pass when left out. */
    idle: z.boolean().optional(),
    /** Files read at the same time, where rsync did not read them. */
    readers: z.number().int().min(1).max(64).optional(),
    /** What a rollback does with what was written to the copy since its final pass; `ask` when left out. */
    laterWrites: z.enum(['ask', 'carry-back', 'drop']).optional(),
    /** `nix-store`: the source is what `/nix` holds, and what is written later is carried back by Nix. */
    contents: z.literal('nix-store').optional(),
  })
  .refine(...oneIsHere);
export type GivenCopyInput = z.output<typeof copyInput>;

/** Of a copy on this machine alone. */
export type CopyInput = GivenCopyInput & { readonly from: string; readonly to: string };

export function isLocalCopy(input: GivenCopyInput): input is CopyInput {
  return !isFarPlace(input.from) && !isFarPlace(input.to);
}

/** Whether one path is the other or lies in it, by their names alone. */
export function overlap(one: string, other: string): boolean {
  const within = (inner: string, outer: string) =>
    inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`);
  return within(one, other) || within(other, one);
}
