import { z } from 'zod';
import { duration } from '../../runbook/index.ts';

/** A duration of which the type is any text, so that a literal in a runbook needs no `as const`. */
export const durationText = z
  .string()
  .refine((text) => duration.safeParse(text).success, { error: 'expected a duration, such as 90s or 75m' });
