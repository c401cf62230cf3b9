import { harmless, harmlessLines } from '../harmless.ts';

/** Text that is HTML already. Only `html` makes it, so that nothing else ever reaches a page unescaped. */
export interface Html {
  readonly [isHtml]: string;
}

const isHtml: unique symbol = Symbol('html');

type Part = string | number | Html | readonly Html[];

/** HTML as it is typed; every value in it that is no HTML itself is escaped, also within quoted attributes. */
export function html(literals: TemplateStringsArray, ...values: readonly Part[]): Html {
  const text = literals.reduce((sum, literal, index) => sum + textOf(values[index - 1] ?? '') + literal);
  return { [isHtml]: text };
}

/** HTML that this program brings itself, such as its style sheet. */
export function ownHtml(text: string): Html {
  return { [isHtml]: text };
}

export const noHtml = ownHtml('');

export function htmlText(page: Html): string {
  return page[isHtml];
}

/** Text of several lines. */
export function htmlLines(text: string): Html {
  return ownHtml(harmlessLines(text.trimEnd()).map(escape).join('<br>'));
}

/** The same for what keeps its lines itself. */
export function htmlPre(text: string): Html {
  return ownHtml(harmlessLines(text).map(escape).join('\n'));
}

function textOf(part: Part): string {
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escape(harmless(part));
  return 'length' in part ? part.map((each) => each[isHtml]).join('') : part[isHtml];
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.toWellFormed().replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');
}
