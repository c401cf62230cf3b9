import { StepError } from '../../errors.ts';
import type { Command, Host } from '../../runbook/index.ts';

/**
 * The option that makes Nix work on a copy in its place. Its paths are still called `/nix/store/…`.
 * @param folder with what `/nix` holds: `store` and `var`
 * @returns nothing for `/nix` itself, or no folder: then Nix is asked as it is configured
 */
export function storeOption(folder: string | undefined): readonly string[] {
  if (folder === undefined || folder === '/nix') return [];
  const part = (path: string) => encodeURIComponent(`${folder}/${path}`).replaceAll('%2F', '/');
  return ['--store', `local?real=${part('store')}&state=${part('var/nix')}&log=${part('var/log/nix')}`];
}

/**
 * How many valid paths the database of a store names. Nix creates a store where there is none and finds
 * nothing wrong with it, so the database must be there first.
 *
 * @throws StepError `nix.no-store`
 */
export async function validPaths(host: Host, folder: string): Promise<readonly string[]> {
  await storeMustExist(host, folder);
  const { stdout } = await host.exec({
    argv: [
      'nix',
      '--extra-experimental-features',
      'nix-command',
      'path-info',
      '--all',
      ...storeOption(folder),
    ],
  });
  return stdout.split('\n').filter((line) => line.startsWith('/'));
}

/** @throws StepError `nix.no-store` when a folder holds no store with its database */
export async function storeMustExist(host: Host, folder: string): Promise<void> {
  for (const part of ['store', 'var/nix/db/db.sqlite']) {
    if ((await host.files.stat(`${folder}/${part}`)) !== undefined) continue;
    throw new StepError(
      'nix.no-store',
      `${folder} holds no Nix store: ${folder}/${part} is not there`,
      'Mount its disk, or correct the folder; it is the one that holds `store` and `var`.',
    );
  }
}

/** Nix commands that evaluate or build nothing but what they are told, here and now. */
export const alone: readonly string[] = ['--option', 'substitute', 'false', '--option', 'builders', ''];

/** Deletes exactly these paths, and only where nothing needs them. Also when they are gone already. */
export function deletePaths(folder: string | undefined, paths: readonly [string, ...string[]]): Command {
  return { argv: ['nix-store', ...storeOption(folder), '--delete', ...paths], ok: [0, 1] };
}

/** A text as a string of the Nix language. */
export function nixString(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('${', '\\${').replaceAll('\n', '\\n')}"`;
}

/**
 * Evaluates an expression that gives a text, and writes nothing.
 * @throws StepError `command.failed`
 */
export async function evaluate(host: Host, folder: string | undefined, expression: string): Promise<string> {
  const { stdout } = await host.exec({
    argv: ['nix-instantiate', ...storeOption(folder), '--eval', '--json', '--expr', expression],
  });
  return JSON.parse(stdout) as string;
}
