import { z } from 'zod';
import { datasetName, datasetOf, snapshotName } from './names.ts';

/** What `zfsReplicate` takes. */
export const replicateInput = z
  .strictObject({
    /** The snapshot to be sent. */
    snapshot: snapshotName,
    /** The dataset that receives it; made when there is none. */
    to: datasetName,
    /** Send the snapshots in between too. */
    intermediate: z.boolean().optional(),
    /** Make a new target read-only, so that nothing written to it bars the next send; true when left out. */
    readOnly: z.boolean().optional(),
  })
  .refine(({ snapshot, to }) => datasetOf(snapshot) !== to, { error: '`to` must not be the source itself' });
export type ReplicateInput = z.output<typeof replicateInput>;

/** What `zfsReplicate` captures. */
export interface ReplicateCaptured {
  readonly mark: string;
  /** Of the snapshot to be sent. */
  readonly guid: string;
  /** Of the target, when it was there before. */
  readonly target: string | null;
}

/** The tag of the holds that last as long as the sending. */
export function holdTag({ mark }: ReplicateCaptured): string {
  return `migrate:${mark}`;
}
