import { z } from 'zod';
import type { Claim } from '../runbook/index.ts';

/** A claim as it lies on the disk. */
export const claimSchema: z.ZodType<Claim> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('path'),
    path: z.string(),
    role: z.enum(['source', 'target', 'shadowed', 'replaced']),
  }),
  z.object({ kind: z.literal('unit'), unit: z.string() }),
  z.object({ kind: z.literal('dataset'), dataset: z.string() }),
]);
