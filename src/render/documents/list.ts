import { z } from 'zod';

export const listDocument = z.object({
  type: z.literal('list'),
  runbooks: z.array(
    z.object({
      id: z.string(),
      summary: z.string(),
      file: z.string().describe('where it is loaded from'),
      steps: z.int(),
      rehearsal: z.boolean().describe('it brings a miniature world for `migrate rehearse`'),
    }),
  ),
});
export type ListDocument = z.infer<typeof listDocument>;
