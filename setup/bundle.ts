import { readFileSync, readdirSync, globSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown, type OutputChunk, type Plugin } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';

/*
 * Makes of src and runbooks the JavaScript that is published, into a folder `dist`: `node setup/bundle.ts DIST`.
 *
 * A start costs most by the number of files that it opens. So what of src is loaded together is one file, with zod
 * and execa, which consist of a hundred files each; what is loaded only at need stays apart. All share the same
 * pieces, so that `migrate-runbook` is the same module to whoever imports it. Runbooks stay file by file: a run keeps
 * a copy of their sources, which is to be read, and to find `migrate-runbook` by its name.
 */

const root = resolve(import.meta.dirname, '..');

/** What others import by its path or name. */
const modules = ['src/index', 'src/operations/index', 'src/cli/main'];

/** What is started by its path, in a process or thread of its own. */
export const programs = [
  'src/cli/migrate',
  'src/copy/hash-worker',
  'src/copy/read-ahead-worker',
  'src/host/notices/request-process',
  'src/rehearsal/migrate-in-world',
  'src/rehearsal/supervisor',
  'src/sqlite/look',
] as const;

const withinUs = /^(zod|execa)(\/|$)/;

/** @param dist whose parent holds the package.json and the fixtures of this package */
export async function bundle(dist: string): Promise<void> {
  const program = await rolldown({
    cwd: root,
    input: Object.fromEntries([...modules, ...programs].map((name) => [name, join(root, `${name}.ts`)])),
    platform: 'node',
    tsconfig: false,
    external: (id, importer) => isPackage(id) && !withinUs.test(id) && !isOfPackage(importer),
    plugins: [ownPlaces],
    onLog,
  });
  const { output } = await program.write({
    dir: dist,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    comments: false,
  });
  await program.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  writeFileSync(join(dist, 'LICENSES.md'), licensesOf(chunks));

  const runbooks = await rolldown({
    cwd: root,
    input: globSync('runbooks/**/*.ts', { cwd: root }).map((file) => join(root, file)),
    platform: 'node',
    tsconfig: false,
    external: isPackage,
    onLog,
  });
  await runbooks.write({
    dir: join(dist, 'runbooks'),
    preserveModules: true,
    preserveModulesRoot: join(root, 'runbooks'),
  });
  await runbooks.close();
}

function isPackage(id: string): boolean {
  return !id.startsWith('.') && !id.startsWith('/');
}

function isOfPackage(file: string | undefined): boolean {
  return file?.includes('/node_modules/') === true;
}

/** Lets each module of src find what lies beside it, as if it still lay where it was written. */
const ownPlaces: Plugin = {
  name: 'own-places',
  transform(code, id) {
    if (!id.startsWith(join(root, 'src/')) || !code.includes('import.meta.')) return null;
    const name = relative(root, id).replace(/\.ts$/, '.js');
    return placesIn(parseAst(code, { lang: 'ts' })).reduceRight(
      (text, { start, end, what }) => `${text.slice(0, start)}__own_${what}__("${name}")${text.slice(end)}`,
      code,
    );
  },
  renderChunk(code, { fileName }) {
    return code.replaceAll(
      /__own_(url|dirname|filename)__\("([^"]+)"\)/g,
      (_, what: string, name: string) => {
        const place = relative(dirname(fileName), what === 'dirname' ? dirname(name) : name) || '.';
        const url = `new URL(${JSON.stringify(place)}, import.meta.url)`;
        return what === 'url' ? `${url}.href` : `process.getBuiltinModule("node:url").fileURLToPath(${url})`;
      },
    );
  },
};

interface AskedPlace {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

/** Where code asks for `import.meta.url` and the like, in order; not where a text that it writes does. */
function placesIn(node: unknown): readonly AskedPlace[] {
  if (Array.isArray(node)) return node.flatMap(placesIn);
  if (typeof node !== 'object' || node === null) return [];
  const { type, object, property, start, end } = node as {
    type?: string;
    object?: { type?: string };
    property?: { name?: string };
    start: number;
    end: number;
  };
  if (type === 'MemberExpression' && object?.type === 'MetaProperty') {
    return [{ start, end, what: property?.name ?? '' }];
  }
  return Object.values(node)
    .flatMap(placesIn)
    .toSorted((one, other) => one.start - other.start);
}

/** What is imported lazily by one module and at once by another needs no file of its own. */
function onLog(_level: string, log: { code?: string | undefined; message: string }): void {
  if (log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(log.message);
}

function licensesOf(chunks: readonly OutputChunk[]): string {
  const files = chunks.flatMap(({ moduleIds }) => moduleIds).filter(isOfPackage);
  const folders = new Set(files.map((file) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? ''));
  const sections = [...folders].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
      license: string;
    };
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${folder} has no text of its license`);
    return `## ${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return `# Parts of this program by others\n\n${sections.join('\n')}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await bundle(resolve(process.argv[2] ?? 'dist'));
}
