import { z } from 'zod';
import { issueText, type Node } from '../runbook/index.ts';

/**
 * Why an output that a run has stored no longer fits its step's schema; `undefined` when it does, or when
 * nobody can tell: a stored output is what the schema gave, and one that transforms does not take that again.
 */
export function misfitOf(node: Node, output: unknown): string | undefined {
  const schema = schemaOf(node);
  if (schema === undefined || transforms(schema)) return undefined;
  try {
    const parsed = schema.safeParse(output);
    return parsed.success ? undefined : parsed.error.issues.map((issue) => issueText(issue)).join('; ');
  } catch {
    // It asks something that takes time.
    return undefined;
  }
}

function schemaOf(node: Node): z.ZodType | undefined {
  if (node.kind === 'step') return node.body.output;
  return node.kind === 'confirm' || node.kind === 'manual' ? node.input : undefined;
}

function transforms(schema: z.ZodType): boolean {
  let found = false;
  try {
    z.toJSONSchema(schema, {
      unrepresentable: 'any',
      override: ({ zodSchema }) => {
        if (['pipe', 'transform'].includes((zodSchema as unknown as z.ZodType).def.type)) found = true;
      },
    });
  } catch {
    return true;
  }
  return found;
}
