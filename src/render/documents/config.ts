import { z } from 'zod';

export const configDocument = z.object({
  type: z.literal('config'),
  file: z.string(),
  preferences: z.record(z.string(), z.unknown()).describe('those asked for, defaults included'),
});
