import { harmless, harmlessLines } from '../harmless.ts';

/** Foreign text as one line of Markdown that reads as it is: nothing in it is a mark, a link or HTML. */
export function md(text: string): string {
  return marks(harmless(text.toWellFormed().replaceAll(/\s*\r?\n\s*/g, ' ')).trim());
}

/** The same, each line on one of its own. */
export function mdLines(text: string): string[] {
  return harmlessLines(text.toWellFormed().trimEnd()).map((line) => marks(line.trim()));
}

function marks(line: string): string {
  return (
    line
      .replaceAll(/[\\`*[\]<>&|~$]/g, String.raw`\$&`)
      // Within a word an underscore is no mark.
      .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
      // What begins a line may be a heading, a list or a rule.
      .replace(/^(#|[-+=](?=\s|[-=]|$))/, String.raw`\$1`)
      .replace(/^(\d+)([.)])/, String.raw`$1\$2`)
      // Some readers make links of these by themselves.
      .replaceAll(/(https?|ftp|mailto):/gi, String.raw`$1\:`)
      .replaceAll(/\b(www)\./gi, String.raw`$1\.`)
  );
}

/** Text in a code span; backticks in it make the fence longer. */
export function mdCode(text: string): string {
  const line = harmless(text.toWellFormed().replaceAll(/\s*\r?\n\s*/g, ' '));
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = line.startsWith('`') || line.endsWith('`') || /^ .* $/.test(line) || line === '' ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Lines as they are, in a fence that nothing in them can end. */
export function mdBlock(text: string, indent = ''): string[] {
  const lines = harmlessLines(text.toWellFormed());
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return [`${fence}text`, ...lines, fence].map((line) => (line === '' ? '' : `${indent}${line}`));
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
