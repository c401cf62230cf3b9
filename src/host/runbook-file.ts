import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MigrateError, UsageError } from '../errors.ts';
import { didYouMean, validate, type Runbook } from '../runbook/index.ts';
import { makeFolderDurably, replaceDurably } from './durable.ts';
import { brokenRunbook } from './runbook-fault.ts';
import { bundledFolder, importRunbook } from './runbook-import.ts';

export interface LoadedRunbook {
  readonly runbook: Runbook;
  /** As it was named. */
  readonly file: string;
  /**
   * The runbook's own sources with their SHA-256, by absolute path without symlinks, the main one first;
   * not those of packages.
   */
  readonly files: Readonly<Record<string, string>>;
}

/** The runbooks that come with this program, by id, with their files. */
export function bundledRunbooks(): ReadonlyMap<string, string> {
  const folder = fileURLToPath(bundledFolder);
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const modules = files.filter((name) => /^[a-z0-9-]+\.(ts|js)$/.test(name));
  const byId = new Map(modules.map((name) => [name.replace(/\.(ts|js)$/, ''), join(folder, name)]));
  return new Map([...byId].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * Loads a runbook by its id or by the path of a file, and validates it.
 * @throws UsageError `runbook.unknown`, `runbook.no-file`, `runbook.broken`, `runbook.no-default`, or what
 *   `validate` finds
 */
export async function loadRunbook(name: string): Promise<LoadedRunbook> {
  const bundled = bundledRunbooks();
  const looksLikeFile = name.includes('/') || /\.[cm]?[jt]s$/.test(name);
  const file = looksLikeFile ? resolve(name) : bundled.get(name);
  if (file === undefined) {
    throw new UsageError(
      'runbook.unknown',
      `there is no runbook "${name}".${didYouMean(name, [...bundled.keys()])}`,
      existsSync(`${name}.ts`)
        ? `Did you mean the file here? ./${name}.ts`
        : 'See them all with migrate list; a runbook of your own is given by its path, such as ./my-runbook.ts',
    );
  }
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return loadFile(file);
  throw new UsageError(
    'runbook.no-file',
    stat === undefined ? `there is no file ${file}` : `${file} is no file`,
    'Check the path of the runbook.',
  );
}

async function loadFile(file: string): Promise<LoadedRunbook> {
  // Imports are relative to where a file really lies, also when it is reached through a symlink.
  const realFile = await realpath(file);
  const { module, sources } = await importRunbook(pathToFileURL(realFile)).catch((thrown: unknown) => {
    throw brokenRunbook(file, thrown);
  });
  const runbook = validated(module, file);
  const files: Record<string, string> = {};
  for (const source of sources) files[source] = sha256(await readFile(source));
  return { runbook, file, files };
}

function validated(module: Record<string, unknown>, file: string): Runbook {
  try {
    return validate(defaultExport(module, file), file);
  } catch (thrown) {
    // A value with getters or a proxy may throw whatever it likes.
    throw thrown instanceof MigrateError ? thrown : brokenRunbook(file, thrown);
  }
}

function defaultExport(module: Record<string, unknown>, file: string): unknown {
  if ('default' in module) return module['default'];
  const names = Object.keys(module);
  throw new UsageError(
    'runbook.no-default',
    `${file} has no default export${names.length === 0 ? '' : `, only ${names.join(', ')}`}`,
    "Write: export default runbook('some-id', { summary: … })",
  );
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Copies a runbook's sources into a run's folder, durably and in their relative places; gives the copy of
 * its main file.
 * @throws UsageError `runbook.edited` when a source is no longer what was loaded
 */
export async function keepSources(loaded: LoadedRunbook, folder: string): Promise<string> {
  const root = commonFolder(Object.keys(loaded.files));
  for (const [source, hash] of Object.entries(loaded.files)) {
    const content = await readFile(source);
    if (sha256(content) !== hash) {
      throw new UsageError('runbook.edited', `${source} was edited while it was loaded`, 'Run it again.');
    }
    const target = join(folder, relative(root, source));
    await makePrivateFolders(dirname(target));
    await replaceDurably(target, content, async () => {});
  }
  return keptSource(loaded, folder);
}

async function makePrivateFolders(folder: string): Promise<void> {
  for (const created of await makeFolderDurably(folder, 0o700)) await chmod(created, 0o700);
}

/** Where `keepSources` put each of these sources, with its hash. */
export function keptSources(
  source: { readonly files: Readonly<Record<string, string>> },
  folder: string,
): readonly { readonly path: string; readonly sha256: string }[] {
  const root = commonFolder(Object.keys(source.files));
  return Object.entries(source.files).map(([file, sha256]) => ({
    path: join(folder, relative(root, file)),
    sha256,
  }));
}

/** Where `keepSources` put the main file of a run that recorded these sources. */
export function keptSource(
  source: { readonly file: string; readonly files: Readonly<Record<string, string>> },
  folder: string,
): string {
  const files = Object.keys(source.files);
  // The main file stands first, under the name by which it really lies there.
  const main = source.file in source.files ? source.file : (files[0] ?? source.file);
  return join(folder, relative(commonFolder(files), main));
}

function commonFolder(files: readonly string[]): string {
  const [first = '/', ...others] = files.map((file) => dirname(file));
  let common = first;
  for (const folder of others) {
    while (folder !== common && !folder.startsWith(common.endsWith(sep) ? common : common + sep))
      common = dirname(common);
  }
  return common;
}
