import { z } from 'zod';
import type { Duration } from './gate.ts';

/** A duration as a parameter: `90s`, `30m`, `24h`, `7d`. */
export const duration = z
  .custom<Duration & string>(
    (value) => typeof value === 'string' && /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(value),
    {
      error: 'expected a duration such as 90m or 24h',
    },
  )
  .meta({ expects: 'a duration such as 90m or 24h' });

/** A path as a parameter: absolute, without `.` and `..`, and with no `/` at its end. */
export const absolutePath = z
  .string()
  .refine((path) => path === '/' || (/^(\/[^/\0]+)+$/.test(path) && !/(^|\/)\.\.?(\/|$)/.test(path)), {
    error: 'expected an absolute path without . or .. in it and no / at its end',
  })
  .meta({ expects: 'an absolute path' });
