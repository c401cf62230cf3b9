import { posix } from 'node:path';
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

/** A path that means the same wherever it is read: absolute, and written in its shortest form. */
export const absolutePath = z
  .string()
  .refine((path) => path.startsWith('/') && !path.includes('\0') && path === shortest(path), {
    error: 'expected an absolute path without `.`, `..`, `//` or a slash at its end',
  })
  .meta({ expects: 'an absolute path' });

function shortest(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
