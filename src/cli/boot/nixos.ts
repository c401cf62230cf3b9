import { join } from 'node:path';
import { packageRoot } from '../../rehearsal/package-root.ts';

export interface NixosGiven {
  readonly program: string;
  readonly node: string;
  readonly stateDir: string;
  readonly claimsDir: string | undefined;
  /** Milliseconds. */
  readonly everyMs: number;
}

/** What to add to the configuration of a NixOS machine, where no unit can be written. */
export function nixosConfiguration(given: NixosGiven): string {
  const { program, node, stateDir, claimsDir, everyMs } = given;
  const options = [
    'enable = true;',
    `program = ${nixText(program)};`,
    // One of the store comes with the system, so that no garbage collection takes it away.
    ...(node.startsWith('/nix/store/') ? [] : [`node = ${nixText(node)};`]),
    ...(stateDir === '/var/lib/migrate' ? [] : [`stateDir = ${nixText(stateDir)};`]),
    ...(claimsDir === undefined ? [] : [`claimsDir = ${nixText(claimsDir)};`]),
    ...(everyMs === 60_000 ? [] : [`everyMs = ${everyMs};`]),
  ];
  return [
    `imports = [ ${nixPath(join(packageRoot(), 'nix', 'module.nix'))} ];`,
    'services.migrate-runbook.resume = {',
    ...options.map((line) => `  ${line}`),
    '};',
  ].join('\n');
}

/** A string of Nix, in which nothing is filled in. */
function nixText(text: string): string {
  return `"${text.replaceAll(/["\\]|\$(?=\{)/g, (found) => `\\${found}`).replaceAll('\n', '\\n')}"`;
}

/** A path as Nix writes it, or what makes one of any text. */
function nixPath(path: string): string {
  return /^[A-Za-z0-9_/.+-]+$/.test(path) ? path : `(/. + ${nixText(path)})`;
}
