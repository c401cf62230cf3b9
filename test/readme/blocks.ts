import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const project = resolve(import.meta.dirname, '../..');
export const readme = readFileSync(join(project, 'README.md'), 'utf8');

/** The code blocks of a section of the README, in one language, in their order. */
export function blocks(section: string, language: string): string[] {
  const [, after] = readme.split(`\n## ${section}\n`);
  if (after === undefined) throw new Error(`README.md has no section "${section}"`);
  const [text = ''] = after.split('\n## ');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, code]) =>
    of === language && code !== undefined ? [code.trimEnd()] : [],
  );
}
