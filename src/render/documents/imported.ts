import { z } from 'zod';

export const importedDocument = z.object({
  type: z.literal('imported'),
  id: z.string(),
  file: z.string().describe('the runbook that was written'),
  phases: z.int(),
  steps: z.int().describe('of commands'),
  gates: z.int().describe('what a person does'),
  checks: z.int().describe('that give BLOCKED until somebody writes what passes'),
  parameters: z.array(z.string()).describe('made of placeholders').readonly(),
  undecided: z.array(z.string()).describe('steps of which nobody has decided how they are undone').readonly(),
});
export type ImportedDocument = z.infer<typeof importedDocument>;
