import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const checkout = resolve(import.meta.dirname, '../..');

/** What the compiler says of one place. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  /** With the lines that explain it. */
  readonly text: string;
}

/** Runs the compiler on a project and gives what it says. */
export async function diagnose(tsconfig: string): Promise<Diagnostic[]> {
  const tsc = join(checkout, 'node_modules/.bin/tsc');
  const output = await new Promise<string>((done) => {
    execFile(
      tsc,
      ['-p', tsconfig, '--pretty', 'false'],
      { cwd: dirname(tsconfig) },
      (_error, stdout, stderr) => done(stdout + stderr),
    );
  });
  return parseDiagnostics(output);
}

/** The same for files beside each other in a folder, as if they lay in this checkout; what is not used may stand there. */
export async function diagnoseFiles(
  folder: string,
  files: readonly (readonly [name: string, text: string])[],
): Promise<Diagnostic[]> {
  const config = {
    extends: join(checkout, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, typeRoots: [join(checkout, 'node_modules/@types')] },
    include: ['.'],
    exclude: [],
  };
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  return diagnose(join(folder, 'tsconfig.json'));
}

/** Reads `file(line,column): error TSnnnn: text`, with the indented lines below it. */
export function parseDiagnostics(output: string): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const line of output.split('\n').filter((text) => text !== '')) {
    // A message that stands in a type is printed as a string literal.
    const match = /^(.+?)\((\d+),\d+\): error (TS\d+: .*)$/.exec(line.replaceAll('\\"', '"'));
    const last = diagnostics.at(-1);
    if (match !== null) diagnostics.push({ file: match[1]!, line: Number(match[2]), text: match[3]! });
    else if (line.startsWith(' ') && last !== undefined) {
      diagnostics.splice(-1, 1, { ...last, text: `${last.text}\n${line}` });
    } else throw new Error(`the compiler said something unexpected: ${line}`);
  }
  return diagnostics;
}

export interface Expectation {
  readonly file: string;
  readonly line: number;
  readonly expected: string;
}

/** The comments `// expect: part of the message` in a folder's files; each speaks for the code down to the next. */
export async function readExpectations(folder: string): Promise<Expectation[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
  const found = await Promise.all(
    files.map(async (file) => expectationsIn(file, await readFile(join(folder, file), 'utf8'))),
  );
  return found.flat();
}

function expectationsIn(file: string, source: string): Expectation[] {
  return source.split('\n').flatMap((text, index) => {
    const match = /^\s*\/\/ expect: (.+)$/.exec(text);
    return match === null ? [] : [{ file, line: index + 1, expected: match[1]! }];
  });
}

/** In what the compiler's answer differs from what the comments expect; empty when in nothing. */
export function compare(expectations: readonly Expectation[], diagnostics: readonly Diagnostic[]): string[] {
  const answers = new Map<Expectation, Diagnostic[]>(expectations.map((expectation) => [expectation, []]));
  const unexpected: Diagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const above = expectations.findLast(
      ({ file, line }) => file === diagnostic.file && line < diagnostic.line,
    );
    (above === undefined ? unexpected : answers.get(above)!).push(diagnostic);
  }
  const differences = unexpected.map(
    ({ file, line, text }) => `${file}:${line} is refused unexpectedly: ${text}`,
  );
  for (const [{ file, line, expected }, given] of answers) {
    if (given.length === 0) differences.push(`${file}:${line} is accepted, and should say: ${expected}`);
    else if (given.length > 1 || !given[0]!.text.includes(expected)) {
      differences.push(
        `${file}:${line} should say only: ${expected}\n  and says: ${given.map(({ text }) => text).join('\n  and: ')}`,
      );
    }
  }
  return differences;
}
