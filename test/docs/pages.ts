import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const project = resolve(import.meta.dirname, '../..');

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Of its first line of content. */
  readonly line: number;
  /** What stands behind the fence, such as `sh`; empty when nothing does. */
  readonly language: string;
  readonly text: string;
  /** The heading that it stands under. */
  readonly heading: string;
}

export interface Page {
  /** From the project's root, such as `docs/concepts.md`. */
  readonly name: string;
  readonly text: string;
  readonly headings: readonly string[];
  readonly blocks: readonly Block[];
  readonly links: readonly { readonly target: string; readonly line: number }[];
  /** What stands between backticks. */
  readonly codes: readonly { readonly text: string; readonly line: number; readonly heading: string }[];
}

/** Every page of the documentation. */
export function allPages(): readonly Page[] {
  const top = readdirSync(project).filter((name) => name.endsWith('.md'));
  const docs = readdirSync(join(project, 'docs')).filter((name) => name.endsWith('.md'));
  return [...top, ...docs.map((name) => `docs/${name}`)].map(readPage);
}

export function readPage(name: string): Page {
  return parsePage(name, readFileSync(join(project, name), 'utf8'));
}

/** What stands under a heading, down to the next one that is not beneath it. */
export function sectionOf({ text }: Page, heading: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start === -1) throw new Error(`there is no heading ${heading}`);
  const depth = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 0;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && (/^#+/.exec(line)?.[0].length ?? 0) <= depth);
  return (end === -1 ? rest : rest.slice(0, end)).join('\n');
}

export function parsePage(name: string, text: string): Page {
  const headings: string[] = [];
  const blocks: Block[] = [];
  const links: { target: string; line: number }[] = [];
  const codes: { text: string; line: number; heading: string }[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const heading = headings.at(-1) ?? '';
    const fence = /^```(\w*)$/.exec(line);
    if (fence !== null && open === undefined) {
      open = { language: fence[1] ?? '', line: index + 2, lines: [] };
    } else if (fence !== null && open !== undefined) {
      const { language, line: start, lines } = open;
      blocks.push({ page: name, language, line: start, text: lines.join('\n'), heading });
      open = undefined;
    } else if (open === undefined) {
      const title = /^#+ (.*)$/.exec(line)?.[1];
      if (title !== undefined) headings.push(title);
      for (const [, code = ''] of line.matchAll(/`([^`]+)`/g))
        codes.push({ text: code, line: index + 1, heading });
      const plain = line.replaceAll(/`[^`]*`/g, '');
      for (const [, target = ''] of plain.matchAll(/\]\(([^)\s]+)\)/g))
        links.push({ target, line: index + 1 });
    } else open.lines.push(line);
  }
  if (open !== undefined) throw new Error(`${name}: the block at line ${open.line} is never closed`);
  return { name, text, headings, blocks, links, codes };
}
