import { z } from 'migrate-runbook';
import { params as restoring } from '../restore-missing/params.ts';

const { flag: _, mayBeginEmpty: __, tellSkipped: ___, snapshots: ____, ...others } = restoring.shape;

/** Those of `restore-missing`, and which source is tried. */
export const params = z.object({
  ...others,
  source: z.enum(['snapshot', 'replica', 'restic', 's3']).describe('The one source that this drill tries'),
});
export type Params = z.output<typeof params>;
