import { z } from 'zod';
import type { Command, SecretReference } from '../../runbook/index.ts';

/** A reference to a secret, as a parameter made with `secret(…)` holds it. */
export const givenSecret: z.ZodType<SecretReference> = z.strictObject({
  secret: z.enum(['env', 'file']),
  name: z.string().min(1),
});

const words = z.tuple([z.string().min(1)], z.string());

/** A command as `sh` builds it, in an operation's input. */
// The cast: the compiler takes an optional property of a schema for one that may be undefined.
export const givenCommand = z.strictObject({
  argv: words,
  cwd: z.string().optional(),
  env: z.record(z.string(), z.union([z.string(), givenSecret])).optional(),
  ok: z.array(z.number().int().min(0).max(255)).optional(),
  input: z.string().optional(),
}) as unknown as z.ZodType<Command>;
