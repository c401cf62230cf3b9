import * as operations from '../../src/operations/index.ts';
import type { Block, Page } from './pages.ts';

/** A piece of a chain (`.step(…)`), a part of a step (`commands: …`), or a file of its own. */
export function kindOf({ text }: Block): 'piece' | 'part' | 'file' {
  if (/^ +\./.test(text)) return 'piece';
  return /^ +\w+:/.test(text) ? 'part' : 'file';
}

/** The pieces of a page as one runbook; undefined when it has none. */
export function chainOf({ blocks }: Page): string | undefined {
  const pieces = blocks
    .filter(({ language }) => language === 'ts')
    .flatMap((block, index) => {
      const kind = kindOf(block);
      if (kind === 'piece') return [block.text];
      return kind === 'part' ? [`  .step('part-${index}', {\n  readonly: true,\n${block.text},\n})`] : [];
    })
    .join('\n');
  return pieces === '' ? undefined : `${head}${stepsBefore(pieces)}${pieces};\n`;
}

const head = `import { runbook, secret, sh, z } from 'migrate-runbook';
import { ${Object.keys(operations).join(', ')} } from 'migrate-runbook/operations';

export default runbook('pieces', {
  summary: 'The pieces of a page, one after the other',
  params: z.object({ file: z.string(), password: secret('of the repository') }),
})
`;

/** The steps that pieces need and a page leaves out. */
function stepsBefore(pieces: string): string {
  const there = new Set([...pieces.matchAll(/^ {2}\.\w+\('([a-z-]+)'/gm)].map(([, id]) => id));
  const needed = [...pieces.matchAll(/(?:needs|fresh): \[([^\]]*)\]/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/'([a-z-]+)'/g)].map(([, id]) => id),
  );
  return [...new Set(needed)]
    .filter((id) => !there.has(id))
    .map((id) => `  .step('${id}', { readonly: true, commands: () => [sh\`true\`], verify: () => {} })\n`)
    .join('');
}
