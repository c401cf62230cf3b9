import { posix } from 'node:path';
import { z } from 'zod';

/** A path that means the same wherever it is read: absolute, and written in its shortest form. */
export const absolutePath = z
  .string()
  .refine((path) => path.startsWith('/') && !path.includes('\0') && path === shortest(path), {
    error: 'expected an absolute path without `.`, `..`, `//` or a slash at its end',
  });

function shortest(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}
