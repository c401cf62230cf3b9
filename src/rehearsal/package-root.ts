import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this package, be it a checkout or installed. */
export function packageRoot(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (nameIn(join(folder, 'package.json')) === 'migrate-runbook') return folder;
  }
  throw new Error(`no package.json of migrate-runbook above ${import.meta.dirname}`);
}

/** A module beside this one, as it is here: TypeScript in a checkout, JavaScript where it is installed. */
export function moduleBeside(name: string): string {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
  return join(import.meta.dirname, `${name}${extension}`);
}

/** Small programs and scripts that worlds are made of. */
export function fixture(...names: readonly string[]): string {
  return join(packageRoot(), 'fixtures', 'worlds', ...names);
}

function nameIn(file: string): unknown {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}
