import { z } from 'migrate-runbook';

/** How much depends on it, the heaviest first. */
export const needs = ['critical', 'required', 'recommended', 'optional'] as const;

const shortest = (path: string) =>
  path !== '/' &&
  path.length > 0 &&
  !path.includes('\0') &&
  path
    .replace(/^\//, '')
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..');

/** One path that outlives a boot although the root file system does not. */
export const persistenceEntry = z.strictObject({
  path: z
    .string()
    .refine(shortest, { error: 'expected a path without `.`, `..`, `//` or a slash at its end' })
    .meta({ expects: 'a path, absolute or within a home' })
    .describe('Absolute, or relative to the home of each user that it is for'),
  kind: z.enum(['directory', 'file']),
  need: z.enum(needs),
  purpose: z.string().min(1),
  owner: z.string().optional().describe('Name of the user that it belongs to; as it is when left out'),
  group: z.string().optional(),
  mode: z
    .string()
    .regex(/^0?[0-7]{3,4}$/)
    .optional()
    .describe('Octal, such as 0750'),
});
export type PersistenceEntry = z.output<typeof persistenceEntry>;
export type Need = PersistenceEntry['need'];

/** What one machine persists. */
export const persistenceInventory = z.strictObject({
  host: z.string().min(1),
  /** Mount point of the file system that outlives boots. */
  persist: z
    .string()
    .refine((path) => path.startsWith('/') && shortest(path), { error: 'expected an absolute path' })
    .default('/persist'),
  system: z
    .array(persistenceEntry)
    .refine((entries) => entries.every(({ path }) => path.startsWith('/')), {
      error: 'expected absolute paths',
    })
    .default([]),
  homes: z
    .array(
      z.strictObject({
        user: z.string().min(1),
        entries: z
          .array(persistenceEntry)
          .refine((entries) => entries.every(({ path }) => !path.startsWith('/')), {
            error: 'expected paths relative to the home',
          }),
      }),
    )
    .default([]),
  /** Of these somebody has said that they may be lost. */
  expendable: z.array(z.string().startsWith('/')).default([]),
});
export type PersistenceInventory = z.output<typeof persistenceInventory>;
