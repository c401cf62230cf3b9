import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const cli = resolve(import.meta.dirname, '../../src/cli');
const migrate = join(cli, 'migrate.ts');

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The packages of node_modules that `migrate` loads for these arguments. */
function packagesLoaded(...args: string[]): { exit: number | null; packages: string[] } {
  const folder = temporaryFolder();
  const record = join(folder, 'loaded');
  writeFileSync(
    join(folder, 'record.mjs'),
    `import { registerHooks } from 'node:module';
     import { appendFileSync } from 'node:fs';
     registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(record)}, url + '\\n'); return next(url, context); } });`,
  );
  const { status } = spawnSync(process.execPath, ['--import', join(folder, 'record.mjs'), migrate, ...args], {
    env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1', HOME: folder },
  });
  const urls = readFileSync(record, 'utf8').split('\n');
  const names = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  return { exit: status, packages: [...new Set(names)].toSorted() };
}

describe('starting migrate', () => {
  test.each([['--help'], ['--version'], ['run', '--help']])('loads nothing heavy for %s %s', (...args) => {
    const { exit, packages } = packagesLoaded(...args.filter((arg) => arg !== undefined));
    expect(exit).toBe(0);
    expect(packages).toEqual(['@commander-js/extra-typings', 'commander']);
  });

  test('says on an older Node.js what is needed, and exits 2', () => {
    const older = 'data:text/javascript,Object.defineProperty(process.versions, "node", { value: "22.1.0" })';
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', older, migrate, 'list'], {
      encoding: 'utf8',
    });
    expect(stderr).toContain('migrate needs Node.js 24 or newer, and this is 22.1.0.');
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  // The one that npm runs on, which on a machine that is not set up yet is often an older one.
  const npmsNode = process.env['npm_node_execpath'] ?? process.execPath;
  const version = spawnSync(npmsNode, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const isOld = Number.parseInt(version.slice(1), 10) < 24;

  test.skipIf(!isOld)(`is readable by an older Node.js, where npm runs on one (here on ${version})`, () => {
    const folder = temporaryFolder();
    for (const name of ['migrate', 'compile-cache']) {
      const compiled = stripTypeScriptTypes(readFileSync(join(cli, `${name}.ts`), 'utf8'));
      writeFileSync(join(folder, `${name}.mjs`), compiled.replaceAll(".ts'", ".mjs'"));
    }
    const { status, stderr } = spawnSync(npmsNode, [join(folder, 'migrate.mjs'), 'list'], {
      encoding: 'utf8',
    });
    expect(stderr).toContain('migrate needs Node.js 24 or newer');
    expect(status).toBe(2);
  });
});
