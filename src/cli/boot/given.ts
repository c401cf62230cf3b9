import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { BootUnitsGiven } from '../../host/boot-units.ts';
import { whyUnsafe } from '../../host/state-safety.ts';
import { mountOf, type Mount } from '../../runbook/index.ts';
import type { Places } from '../runs/places.ts';

/** This program, as a unit can start it: TypeScript in a checkout, JavaScript where it is installed. */
export function thisProgram(): string {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
  return realpathSync(join(import.meta.dirname, '..', `migrate${extension}`));
}

/**
 * What the units are made of, from this call and its machine.
 * @throws UsageError `boot.program-lost` when the next boot would not find the program
 */
export function unitsGiven(places: Places, everyMs: number, mounts: readonly Mount[]): BootUnitsGiven {
  const node = realpathSync(process.execPath);
  const program = thisProgram();
  for (const file of [node, program]) mustLast(file, mounts);
  const on = [places.state, places.claims, node, program].map((path) => mountOf(mounts, path)?.point ?? '/');
  return {
    node,
    program,
    stateDir: places.state,
    claimsDir: process.env['MIGRATE_CLAIMS_DIR'] || undefined,
    path: trustedPath(process.env['PATH'] ?? '', isRootsAlone),
    everyMs,
    mounts: [...new Set(on)].filter((point) => point !== '/').toSorted(),
  };
}

function mustLast(file: string, mounts: readonly Mount[]): void {
  const why = file.includes('/_npx/') ? 'npx may delete it at any time' : whyUnsafe(file, mounts, []);
  if (why === undefined) return;
  throw new UsageError(
    'boot.program-lost',
    `${file} may be gone after the next boot: ${why}`,
    'Install it for good: npm install --global migrate-runbook. Nothing was changed.',
  );
}

/** Folders of a search path in which nobody but root can put a program; each once. */
export function trustedPath(path: string, isTrusted: (folder: string) => boolean): string {
  const folders = path.split(':').filter((folder) => isAbsolute(folder) && isTrusted(folder));
  return [...new Set(folders)].join(':');
}

function isRootsAlone(folder: string): boolean {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === 0 && (found.mode & 0o022) === 0;
}
