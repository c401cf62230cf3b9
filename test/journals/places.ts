import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export const journals = resolve(import.meta.dirname, '../../fixtures/journals');

const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

/** Where the journals of this version lie, beside the runbooks of their runs. */
export const thisVersion = join(journals, version);

/** Every journal of every version. */
export function allJournals(): readonly {
  readonly version: string;
  readonly name: string;
  readonly file: string;
}[] {
  return readdirSync(journals).flatMap((each) =>
    readdirSync(join(journals, each))
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => ({ version: each, name: name.replace('.jsonl', ''), file: join(journals, each, name) })),
  );
}

/** A runbook of this version's journals, as a chain. */
export async function runbookOf(name: string): Promise<unknown> {
  const module = (await import(pathToFileURL(join(thisVersion, `${name}.ts`)).href)) as { default: unknown };
  return module.default;
}
