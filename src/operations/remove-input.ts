import { z } from 'zod';
import { absolutePath, duration } from '../runbook/index.ts';
import { verification } from './verify-tree.ts';

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
  })
  .refine(({ verification: given, maxAge }) => (given === undefined) === (maxAge === undefined), {
    error: 'verification and maxAge belong together',
  });
export type RemoveInput = z.output<typeof removeInput>;
