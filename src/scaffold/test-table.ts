import type { Tokens } from 'marked';
import type { CheckItem } from './outline.ts';
import { plainText } from './plain-text.ts';
import { readShellLine } from './shell-line.ts';

/** The checks of a table that has a column for what is expected, and one for how it is seen; none of another. */
export function itemsOfTable({ header, rows }: Tokens.Table): readonly CheckItem[] {
  const names = header.map(({ tokens }) => plainText(tokens).toLowerCase());
  const [command, expected] = [/command|how/, /expect|result/].map((pattern) =>
    names.findIndex((name) => pattern.test(name)),
  );
  if (command === undefined || expected === undefined || command < 0 || expected < 0) return [];
  return rows.map((row) => {
    const [title = '', text = '', expect = ''] = [0, command, expected].map((at) =>
      plainText(row[at]?.tokens ?? []).replaceAll('\\|', '|'),
    );
    const isCommand = row[command]?.tokens.every(({ type }) => type === 'codespan') === true;
    const read = isCommand ? readShellLine(text) : undefined;
    const argv = read?.kind === 'commands' && read.commands.length === 1 ? read.commands[0]?.argv : undefined;
    return { kind: 'check', title, expect: expect || title, argv, text };
  });
}
