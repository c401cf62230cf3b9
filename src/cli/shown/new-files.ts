import { constants } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { messageOf, UsageError } from '../../errors.ts';
import { runbookId } from '../../runbook/index.ts';

/** @throws UsageError `new.id` */
export function mustBeRunbookId(id: string): void {
  if (runbookId.test(id)) return;
  throw new UsageError(
    'new.id',
    `${JSON.stringify(id)} is no id: it must be lower-case words joined by dashes, such as move-photos`,
    'Nothing was written.',
  );
}

/**
 * Makes files that are not there yet.
 * @returns their paths
 * @throws UsageError `new.exists` when one is there, before any is written; `new.cannot-write`
 */
export async function writeNewFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const place = resolve(folder);
  const paths = Object.keys(files).map((name) => join(place, name));
  for (const path of paths) await mustBeMissing(path);
  try {
    await mkdir(place, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(place, name), text, { flag: 'wx' });
    }
  } catch (thrown) {
    throw new UsageError('new.cannot-write', `cannot write to ${place}: ${messageOf(thrown)}`);
  }
  return paths;
}

async function mustBeMissing(path: string): Promise<void> {
  const isMissing = await access(path, constants.F_OK).then(
    () => false,
    () => true,
  );
  if (isMissing) return;
  throw new UsageError(
    'new.exists',
    `${path} is there already`,
    'Give another id, or another folder with --folder. Nothing was written.',
  );
}

/**
 * @returns its name and text
 * @throws UsageError `import.no-plan`, `import.no-text` for what is no text
 */
export async function readPlanFile(path: string): Promise<{ readonly name: string; readonly text: string }> {
  const bytes = await readFile(path).catch((thrown: unknown) => {
    throw new UsageError('import.no-plan', `cannot read the plan ${path}: ${messageOf(thrown)}`);
  });
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return { name: basename(path), text };
  } catch {
    // Told below, as for a file with NUL bytes.
  }
  throw new UsageError(
    'import.no-text',
    `${path} is no text`,
    'Give a plan in Markdown. Nothing was written.',
  );
}
