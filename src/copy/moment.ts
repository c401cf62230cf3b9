import { z } from 'zod';

/** A moment by clocks that let its age be told later, also after a boot: milliseconds since 1970, and since that boot. */
export const moment = z.object({ wall: z.number(), boottime: z.number(), bootId: z.string() });
export type Moment = z.infer<typeof moment>;
