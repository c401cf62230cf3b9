import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { guarded } from './guarded-import.ts';

const ownEnding = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const own: Readonly<Record<string, string>> = {
  'migrate-runbook': new URL(`../index.${ownEnding}`, import.meta.url).href,
  'migrate-runbook/operations': new URL(`../operations/index.${ownEnding}`, import.meta.url).href,
  'migrate-runbook/services': new URL(`../../runbooks/services/index.${ownEnding}`, import.meta.url).href,
};
const packageFolder = new URL('../', import.meta.url).href;
/** Where the runbooks lie that come with this program. */
export const bundledFolder = new URL('../../runbooks/', import.meta.url).href;

let hooked = false;

/**
 * Imports a runbook's module. Wherever on disk it lies, `migrate-runbook` means this very program, so
 * a runbook needs nothing installed beside it.
 */
export async function importRunbook(
  url: URL,
): Promise<{ module: Record<string, unknown>; sources: readonly string[] }> {
  if (!hooked) hook();
  const module = (await guarded(() => import(url.href))) as Record<string, unknown>;
  return { module, sources: reachable(url.href) };
}

const importedBy = new Map<string, Set<string>>();

function hook(): void {
  hooked = true;
  registerHooks({
    resolve(specifier, context, next) {
      const known = own[specifier];
      if (known !== undefined) return { url: known, shortCircuit: true };
      const resolved = next(specifier, context);
      if (!isSource(resolved.url)) return resolved;
      const parent = context.parentURL;
      if (parent !== undefined) {
        const children = importedBy.get(parent) ?? new Set();
        importedBy.set(parent, children.add(resolved.url));
      }
      // Whatever a package.json says that happens to lie above it, a runbook is an ES module.
      return resolved.url.endsWith('.ts') ? { ...resolved, format: 'module-typescript' } : resolved;
    },
  });
}

/** A file that the author wrote: neither a package nor a part of this program, other than its runbooks. */
export function isSource(url: string): boolean {
  if (url.startsWith(bundledFolder)) return true;
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(packageFolder);
}

function reachable(url: string, seen = new Set<string>()): string[] {
  if (seen.has(url)) return [];
  seen.add(url);
  const path = fileURLToPath(url);
  return [path, ...[...(importedBy.get(url) ?? [])].flatMap((child) => reachable(child, seen))];
}
