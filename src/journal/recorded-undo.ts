import { z } from 'zod';

export const commandSchema = z.object({
  argv: z.array(z.string()).min(1),
  cwd: z.string().optional(),
  env: z
    .record(
      z.string(),
      z.union([z.string(), z.object({ secret: z.enum(['env', 'file']), name: z.string() })]),
    )
    .optional(),
  ok: z.array(z.number().int()).optional(),
  input: z.string().optional(),
});
const restoreFile = z.object({
  restore: z.string(),
  content: z.string().nullable(),
  mode: z.number().int().optional(),
  mtime: z.string().optional(),
  expect: z.string().optional(),
});
export const undoActionSchema = z.union([commandSchema, restoreFile]);

export const bootIdentity = z.object({ bootId: z.string(), initStart: z.string(), pidNamespace: z.string() });
const guard = z.discriminatedUnion('is', [
  z.object({ is: z.literal('there'), path: z.string() }),
  z.object({ is: z.literal('same-boot'), boot: bootIdentity }),
  z.object({ is: z.literal('mounted'), path: z.string(), device: z.string(), root: z.string() }),
  z.object({ is: z.literal('mount-point'), path: z.string() }),
  z.object({ is: z.literal('folder'), path: z.string(), inode: z.string() }),
  z.object({ is: z.literal('shown-nowhere-else'), path: z.string() }),
  z.object({ is: z.literal('filled'), path: z.string() }),
  z.object({
    is: z.enum(['written-since', 'unwritten-since']),
    path: z.string(),
    files: z.array(z.string()),
  }),
  z.object({
    is: z.literal('named-in'),
    path: z.string(),
    file: z.string(),
    before: z.string(),
    after: z.string(),
  }),
]);
/** For a rescue shell; see runbook/break-glass.ts. */
export const breakGlassCommandSchema = commandSchema.extend({
  only: z.array(guard).optional(),
  demand: z.array(guard).optional(),
});

/** The undo of a step, as it was recorded with the intent. */
export const recordedUndo = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('data'), actions: z.array(undoActionSchema) }),
  z.object({
    kind: z.literal('code'),
    describe: z.string(),
    breakGlass: z.union([z.string(), z.array(breakGlassCommandSchema)]),
    /** Whose code it is: its name and version, such as `copy-tree 3`; missing for a step's own. */
    operation: z.string().optional(),
  }),
  z.object({ kind: z.literal('irreversible'), why: z.string() }),
  z.object({ kind: z.literal('nothing') }),
]);
