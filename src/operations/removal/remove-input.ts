import { z } from 'zod';
import { absolutePath, duration } from '../../runbook/index.ts';
import { resticAccess } from '../restic/restic.ts';
import { resticProven } from '../restic/restic-proof.ts';
import { verification } from '../copy/verify-tree.ts';

/** How a backup of the tree is shown to be restorable, at the time of the removal. */
const provenBackup = z.strictObject({
  ...resticAccess,
  /** Output of the `resticProof` of a snapshot of this very tree. */
  proof: resticProven,
  /** How old that proof may be. */
  maxAge: duration,
  /** Files of it that are restored again right before; 10 when left out. */
  sample: z.number().int().min(1).max(1_000).optional(),
  /** Where they are restored to for a moment; the run's folder when left out. */
  scratch: absolutePath.optional(),
});
export type ProvenBackup = z.output<typeof provenBackup>;

/** What `removeTree` takes. */
export const removeInput = z
  .strictObject({
    path: absolutePath,
    /** Of the tree, captured before anything was moved: device and inode, and the UUID of its file system where the device number may change. */
    identity: z.object({ device: z.string(), inode: z.string(), uuid: z.string().optional() }),
    /** Absolute paths in the tree that stay, with all they hold and the folders above them: what boot needs. */
    keep: z.array(absolutePath).readonly().optional(),
    /** The empty folder stays, as the place that a mount covers. */
    leaveFolder: z.boolean().optional(),
    /** Where the copy is in use now. */
    newCopy: absolutePath,
    /** The manifest of that copy. */
    manifest: absolutePath,
    /** Output of the `verifyTree` that the copy passed. Without it, all of the copy is read again right before. */
    verification: verification.optional(),
    /** How old that verification may be. */
    maxAge: duration.optional(),
    /** Files of the copy that are read again right before, when there is such a verification; 200 when left out. */
    sampleFiles: z.number().int().positive().optional(),
    /** `accept`: files that the copy no longer holds were deleted by its users, as garbage collection does. */
    missing: z.enum(['refuse', 'accept']).optional(),
    /** A backup that can be restored, or `none: ` and why there need not be one. */
    backup: z.union([
      provenBackup,
      z.string().regex(/^none: \S/, { error: 'expected a proven backup, or `none: ` and why there is none' }),
    ]),
    /** `accept`: what was written to the old copy since the final pass may be lost. */
    oldWrites: z.enum(['refuse', 'accept']).optional(),
    /** Absolute paths in the tree of which nobody misses anything, whatever they hold: locks, caches, what the copy left out. */
    expendable: z.array(absolutePath).readonly().optional(),
    /** `not needed: ` and why no boot needs the tree, where the machine says otherwise. */
    bootPath: z
      .string()
      .regex(/^not needed: \S/, { error: 'expected `not needed: ` and why' })
      .optional(),
  })
  .refine(({ verification: given, maxAge }) => (given === undefined) === (maxAge === undefined), {
    error: 'verification and maxAge belong together',
  });
export type RemoveInput = z.output<typeof removeInput>;
