import { z } from 'zod';

/** Printed instead of, or after, anything else when a command fails with `--json`. */
export const errorDocument = z.object({
  type: z.literal('error'),
  code: z.string().describe('stable, such as `params.invalid`'),
  message: z.string(),
  hint: z.string().optional().describe('the way out'),
  exitCode: z.int().describe('what the program exits with; docs/exit-codes.md'),
});
