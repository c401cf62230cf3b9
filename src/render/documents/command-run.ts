import { z } from 'zod';

/** A command that a check ran, for documents. */
export const commandRun = z.object({
  argv: z.array(z.string()),
  exitCode: z.int().nullable().describe('null when a signal ended it, or it could not be run'),
  signal: z.string().optional(),
  ms: z.number(),
  stdout: z.string().describe('the end of it'),
  stderr: z.string().describe('the end of it'),
  cutChars: z.int().optional().describe('characters that are left out in front of either'),
  error: z.string().optional().describe('why it did not run to its end'),
});
