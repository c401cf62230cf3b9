import type { z } from 'zod';
import { harmlessJson } from '../../render/harmless.ts';
import type { Globals } from '../invocation.ts';
import { stdout } from './process-streams.ts';

/**
 * Prints what a command found out: its text, or with `--json` its document, which must fit its schema.
 * @param text only made when it is printed
 */
export function print<Schema extends z.ZodType>(
  globals: Globals,
  schema: Schema,
  document: z.input<Schema>,
  text: () => string,
): void {
  stdout.write(globals.json ? `${harmlessJson(schema.parse(document), 2)}\n` : `${text()}\n`);
}
