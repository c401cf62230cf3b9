import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

/** The lines of a changelog's Unreleased section that say something: no headings, no blank lines. */
export function unreleasedLines(changelog: string): string[] {
  const [, after = ''] = changelog.split(/^## \[Unreleased\].*$/m);
  const [section = ''] = after.split(/^## /m);
  return section
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#') && !line.startsWith('['));
}

async function main(): Promise<void> {
  const changelog = await readFile(new URL('../CHANGELOG.md', import.meta.url), 'utf8');
  if (unreleasedLines(changelog).length > 0) return;
  console.error('Nothing is released while the Unreleased section of CHANGELOG.md is empty.');
  console.error('Write there what changes for those who use this, then publish again.');
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
