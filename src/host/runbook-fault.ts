import { fileURLToPath } from 'node:url';
import { MigrateError, UsageError, messageOf } from '../errors.ts';
import { isSource } from './runbook-import.ts';

/** What an author reads when a runbook's module cannot be imported: what, in which file and line, and the mend. */
export function brokenRunbook(file: string, thrown: unknown): UsageError {
  return new UsageError(
    'runbook.broken',
    `${file} cannot be loaded: ${messageOf(thrown)}${placeOf(thrown)}`,
    hintFor(thrown),
    thrown,
  );
}

/** Where it happened: Node writes the place above the stack of a syntax error, and into the stack of others. */
function placeOf(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  for (const [, url = '', line, column] of stack.matchAll(/(file:\/\/[^\s()]+?):(\d+)(?::(\d+))?/g)) {
    if (!isSource(url)) continue;
    return `\n  at ${fileURLToPath(url)}, line ${line}${column === undefined ? '' : `, column ${column}`}`;
  }
  return '';
}

function hintFor(thrown: unknown): string {
  if (thrown instanceof MigrateError && thrown.hint !== undefined) return thrown.hint;
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const message = messageOf(thrown);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Runbooks are TypeScript whose types can be erased: no enum, namespace or parameter property.';
  }
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
    return 'Node.js reads no TypeScript under node_modules: put the runbook elsewhere, or compile it.';
  }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return message.includes('Cannot find package')
      ? "Install the package beside the runbook; z comes from 'migrate-runbook' itself."
      : 'Check the path; imports of own files need their ending, such as ./steps.ts.';
  }
  if (message.includes('does not provide an export named')) {
    return 'Check the name; what is only a type needs its word: import type { … } or import { type … }.';
  }
  return 'Mend the file; nothing was run.';
}
