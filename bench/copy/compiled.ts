import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const checkout = resolve(import.meta.dirname, '../..');

/**
 * Compiles this checkout module by module, as bench/copy/ours.ts takes it; what is published is in fewer files, of
 * which none is the copying alone.
 * @param place an empty folder
 * @returns the folder of what was compiled
 */
export function compileInto(place: string): string {
  for (const name of ['package.json', 'node_modules']) symlinkSync(join(checkout, name), join(place, name));
  const dist = join(place, 'dist');
  const tsc = join(checkout, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', join(checkout, 'tsconfig.build.json'), '--outDir', dist]);
  return dist;
}

let compiled: string | undefined;

/** The same, once for this process, in a folder that goes with it. */
export function compiledOnce(): string {
  if (compiled !== undefined) return compiled;
  const place = mkdtempSync(join(tmpdir(), 'migrate-compiled-'));
  process.once('exit', () => rmSync(place, { recursive: true, force: true }));
  compiled = compileInto(place);
  return compiled;
}
