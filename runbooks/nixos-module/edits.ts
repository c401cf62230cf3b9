import { z, type Finding, type Host } from 'migrate-runbook';

/** A file of the flake, relative to its folder. */
export const withinFlake = z.string().regex(/^[^/]/).meta({ expects: 'a path within the flake' });

/** Where a module is made, and the file that imports it. */
export interface ModulePlace {
  /** Within the flake. */
  readonly moduleFile: string;
  /** Within the flake; holds `importsText` exactly once. */
  readonly modulesFile: string;
  readonly importsText: string;
}

/** The edit of the file that imports a module, by the module's path from there. */
export function importEdit({ moduleFile, modulesFile, importsText }: ModulePlace): {
  from: string;
  to: string;
} {
  const folder = modulesFile.split('/').slice(0, -1);
  const near = folder.map((part) => `${part}/`).join('');
  const path = moduleFile.startsWith(near)
    ? `./${moduleFile.slice(near.length)}`
    : `./${'../'.repeat(folder.length)}${moduleFile}`;
  return { from: importsText, to: `${importsText}\n    ${path}` };
}

/**
 * That a module can be made, and each edit of the configuration finds its place.
 *
 * @param wanted.free the file that the module becomes, which must not be there
 * @param wanted.edits files within the flake, each with the text that it must hold exactly once
 * @param wanted.unset files within the flake, each with an option that it must not set already
 */
export async function editsFit(
  host: Host,
  wanted: {
    readonly flake: string;
    readonly free: string;
    readonly edits: readonly (readonly [file: string, text: string])[];
    readonly unset?: readonly (readonly [file: string, option: string])[];
  },
): Promise<Finding> {
  const { flake, free, edits, unset = [] } = wanted;
  const wrong: string[] = [];
  if ((await host.files.stat(`${flake}/${free}`)) !== undefined) wrong.push(`${free} is there already`);
  for (const [file, text] of edits) {
    const found = await host.files.read(`${flake}/${file}`);
    const times = found === undefined ? undefined : found.split(text).length - 1;
    if (times === undefined) wrong.push(`there is no ${file}`);
    else if (times !== 1) wrong.push(`${file} holds ${short(text)} ${times} times, not once`);
  }
  for (const [file, option] of unset) {
    if ((await host.files.read(`${flake}/${file}`))?.includes(option) === true)
      wrong.push(`${file} sets ${option} already`);
  }
  if (wrong.length > 0) return { verdict: 'FAIL', observed: wrong.join('; ') };
  const files = edits.length === 1 ? (edits[0]?.[0] ?? '') : `${edits.length} files`;
  return { verdict: 'PASS', observed: `${files} can be edited, and ${free} is free` };
}

function short(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 39)}…` : line);
}
