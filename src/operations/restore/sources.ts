import { z } from 'zod';
import { resticAccess } from '../restic/restic.ts';
import { absolutePath } from '../../runbook/index.ts';
import { datasetName } from '../zfs/names.ts';

const repository = {
  ...resticAccess,
  /** Under which name the backups were made; never another machine's. */
  host: z.string().min(1),
  /** Where the data lay when it was backed up; where it belongs now when left out. */
  path: absolutePath.optional(),
  /** All of which a backup must bear. */
  tags: z.array(z.string().min(1)).readonly().optional(),
};

/** From where data may come back. */
export const restoreSource = z.discriminatedUnion('kind', [
  /** Snapshots of the data's own dataset. */
  z.strictObject({ kind: z.literal('snapshot') }),
  z.strictObject({
    kind: z.literal('replica'),
    dataset: datasetName,
    /** USER@HOST where it lies on another machine, with a key that asks nobody. */
    ssh: z
      .string()
      .regex(/^[\w.@-]+$/)
      .refine((text) => !text.startsWith('-'))
      .optional(),
  }),
  z.strictObject({ kind: z.literal('restic'), ...repository }),
  /** A second repository, in another place. */
  z.strictObject({ kind: z.literal('s3'), ...repository }),
]);
export type RestoreSource = z.output<typeof restoreSource>;
export type ReplicaSource = Extract<RestoreSource, { kind: 'replica' }>;
export type ResticSource = Extract<RestoreSource, { kind: 'restic' | 's3' }>;

/** What asking one source has come to. */
export type Asked =
  | {
      readonly is: 'staged';
      /** Such as a snapshot's name or id. */
      readonly snapshot: string;
      readonly detail: string;
      /** The tree that is ready. */
      readonly tree: string;
      readonly clone?: boolean;
    }
  /** With what proves it. */
  | { readonly is: 'none'; readonly proof: string };
