import { lexer, type Token, type Tokens } from 'marked';
import type { Item, Outline } from './outline.ts';
import { itemsOfShell, withoutNumber } from './shell-block.ts';
import { itemsOfTable } from './test-table.ts';
import { plainText } from './plain-text.ts';

const shells = new Set(['bash', 'sh', 'shell', 'zsh', 'console', 'shell-session', 'fish']);
/** Headings beneath which a numbered list is work to be done, and not an enumeration. */
const work = /step|procedure|process|migrat|recover|install|roll ?back|phase|how to|to ?do|task|prepar/i;
const verdict = /^(.*?)[\s:–—-]+(PASS|PARTIAL|FAIL|BLOCKED)\b(.*)$/s;
const file = /\bfile\b[^`]*`([^`]+)`/i;

/**
 * Reads a plan with headings, check lists, tables of tests and shell blocks.
 * @param markdown its text
 * @param name of the plan where it has no title
 */
export function readPlan(markdown: string, name: string): Outline {
  const phases: { title: string; items: Item[] }[] = [];
  let title: string | undefined;
  let heading = name;
  let before = '';
  for (const token of lexer(markdown)) {
    if (token.type === 'heading') {
      heading = plainText(token.tokens ?? []);
      if (token['depth'] === 1) title ??= heading;
    }
    const items = itemsOf(token, { heading, before });
    before = token.type === 'space' ? before : token.raw;
    if (items.length === 0) continue;
    const last = phases.at(-1);
    if (last?.title === heading) last.items.push(...items);
    else phases.push({ title: heading, items: [...items] });
  }
  return { title: title ?? name, phases };
}

interface Place {
  readonly heading: string;
  /** What stands just before. */
  readonly before: string;
}

function itemsOf(token: Token, place: Place): readonly Item[] {
  switch (token.type) {
    case 'code':
      return itemsOfCode(token as Tokens.Code, place);
    case 'list':
      return itemsOfList(token as Tokens.List, place);
    case 'table':
      return itemsOfTable(token as Tokens.Table);
    case 'blockquote':
      return (token.tokens ?? []).flatMap((inner) => itemsOf(inner, place));
    default:
      return [];
  }
}

function itemsOfCode({ lang = '', text }: Tokens.Code, { heading, before }: Place): readonly Item[] {
  const [language = ''] = lang.toLowerCase().split(/\s/);
  const isScript = text.startsWith('#!');
  if (shells.has(language) && !isScript) return itemsOfShell(text, heading);
  const into = file.exec(before)?.[1];
  // Without a language it is a drawing, an example, or what a program prints.
  if (language === '' && into === undefined) return [];
  const what = into === undefined ? heading : `Write ${into}`;
  return [{ kind: 'manual', title: withoutNumber(what), instructions: text }];
}

function itemsOfList(list: Tokens.List, place: Place): readonly Item[] {
  return list.items.flatMap((entry) => {
    const own = entry.tokens.filter(({ type }) => type !== 'list' && type !== 'code');
    const text = plainText(own).trim();
    const inner = entry.tokens.filter(({ type }) => type === 'list' || type === 'code');
    const deeper = inner.flatMap((token) => itemsOf(token, { ...place, before: entry.raw }));
    const told = verdict.exec(text);
    if (list.ordered && told !== null) return [checkOf(told, plainText(inner)), ...deeper];
    if (entry.task) return [ticked(text, entry.checked === true), ...deeper];
    if (list.ordered && work.test(place.heading)) {
      return [{ kind: 'manual' as const, title: withoutNumber(text), instructions: text }, ...deeper];
    }
    return deeper;
  });
}

/** A tick is somebody's word, and nothing that was seen. */
function ticked(text: string, checked: boolean): Item {
  const instructions = checked ? `${text}\nThe plan says that this is done. Look whether it is.` : text;
  return { kind: 'manual', title: text, instructions };
}

function checkOf([, title = '', said = '', rest = '']: readonly string[], notes: string): Item {
  const text = [`The plan says ${said}${rest}`, notes]
    .map((each) => each.trim())
    .join('\n')
    .trim();
  return { kind: 'check', title: title.trim(), expect: title.trim(), argv: undefined, text };
}
