import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UsageError, messageOf } from '../errors.ts';
import { didYouMean, validate, type Runbook } from '../runbook/index.ts';
import { importRunbook } from './runbook-import.ts';

export interface LoadedRunbook {
  readonly runbook: Runbook;
  readonly file: string;
  /** The runbook's own sources with their SHA-256, by absolute path; not those of packages. */
  readonly files: Readonly<Record<string, string>>;
}

const bundledFolder = fileURLToPath(new URL('../../runbooks/', import.meta.url));

/** The runbooks that come with this program, by id, with their files. */
export function bundledRunbooks(): ReadonlyMap<string, string> {
  const files = existsSync(bundledFolder) ? readdirSync(bundledFolder) : [];
  const modules = files.filter((name) => /^[a-z0-9-]+\.(ts|js)$/.test(name));
  return new Map(
    modules.toSorted().map((name) => [name.replace(/\.(ts|js)$/, ''), join(bundledFolder, name)]),
  );
}

/**
 * Loads a runbook by its id or by the path of a file, and validates it.
 * @throws UsageError `runbook.unknown`, `runbook.no-file`, `runbook.broken`, or what `validate` finds
 */
export async function loadRunbook(name: string): Promise<LoadedRunbook> {
  const bundled = bundledRunbooks();
  const looksLikeFile = name.includes('/') || /\.[cm]?[jt]s$/.test(name);
  const file = looksLikeFile ? resolve(name) : bundled.get(name);
  if (file === undefined) {
    throw new UsageError(
      'runbook.unknown',
      `there is no runbook "${name}".${didYouMean(name, [...bundled.keys()])}`,
      'See them all with migrate list; a runbook of your own is given by its path, such as ./my-runbook.ts',
    );
  }
  if (!existsSync(file))
    throw new UsageError('runbook.no-file', `there is no file ${file}`, 'Check the path of the runbook.');
  return loadFile(file);
}

async function loadFile(file: string): Promise<LoadedRunbook> {
  const { module, sources } = await importRunbook(pathToFileURL(file)).catch((thrown: unknown) => {
    throw new UsageError(
      'runbook.broken',
      `${file} cannot be loaded: ${messageOf(thrown)}${placeOf(thrown, file)}`,
      brokenHint(thrown),
      thrown,
    );
  });
  const runbook = validate(module['default'], file);
  const files: Record<string, string> = {};
  for (const source of sources)
    files[source] = createHash('sha256')
      .update(await readFile(source))
      .digest('hex');
  return { runbook, file, files };
}

/** Line and column where the parser gave up, which Node writes above the stack of a syntax error. */
function placeOf(thrown: unknown, file: string): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const name = basename(file).replaceAll('.', String.raw`\.`);
  const place = new RegExp(String.raw`[^\s(]*${name}:(\d+)(?::(\d+))?`).exec(stack);
  return place === null
    ? ''
    : `\n  at line ${place[1]}${place[2] === undefined ? '' : `, column ${place[2]}`}`;
}

function brokenHint(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Runbooks are TypeScript whose types can be erased: no enum, namespace or parameter property.';
  }
  if (code === 'ERR_MODULE_NOT_FOUND') return 'Imports of own files need their ending, such as ./steps.ts.';
  return 'Mend the file; nothing was run.';
}

/** Copies a runbook's sources into a run's folder, in their relative places; gives the copy of its main file. */
export async function keepSources(loaded: LoadedRunbook, folder: string): Promise<string> {
  const root = commonFolder(Object.keys(loaded.files));
  for (const source of Object.keys(loaded.files)) {
    const target = join(folder, relative(root, source));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await cp(source, target);
  }
  return join(folder, relative(root, loaded.file));
}

/** Where `keepSources` put the main file of a run that recorded these sources. */
export function keptSource(
  source: { readonly file: string; readonly files: Readonly<Record<string, string>> },
  folder: string,
): string {
  return join(folder, relative(commonFolder(Object.keys(source.files)), source.file));
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
