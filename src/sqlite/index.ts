import { fileURLToPath } from 'node:url';
import type { LookRequest } from './request.ts';

export type { LookedAt, LookRequest, Standing } from './request.ts';

// The loader of the sources strips types; the package is compiled.
const program = new URL(import.meta.url.endsWith('.ts') ? './look.ts' : './look.js', import.meta.url);

/** The process that looks at databases; it prints a list of `LookedAt` as JSON. */
export function lookCommand(request: LookRequest): {
  readonly argv: readonly [string, ...string[]];
  readonly input: string;
} {
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', fileURLToPath(program)] as const;
  return { argv, input: JSON.stringify(request) };
}
