import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle, programs } from '../../setup/bundle.ts';

const root = join(import.meta.dirname, '../..');

describe('the program as it is published', () => {
  let folder: string;

  beforeAll(async () => {
    // Beneath the checkout's own, for the packages that stay packages.
    mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
    folder = mkdtempSync(join(root, 'node_modules/.cache/bundle-'));
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(root, 'fixtures'), join(folder, 'fixtures'));
    await bundle(join(folder, 'dist'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What it prints, and how many files it loads for that. */
  function migrate(...args: string[]): { said: string; files: number } {
    const count = `import { registerHooks } from 'node:module';
      let files = 0;
      registerHooks({ load: (url, context, next) => ((files += url.startsWith('file:') ? 1 : 0), next(url, context)) });
      process.on('exit', () => console.error('files ' + files));`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        `--import=data:text/javascript,${encodeURIComponent(count)}`,
        join(folder, 'dist/src/cli/migrate.js'),
        ...args,
      ],
      { encoding: 'utf8', cwd: folder, env: { ...process.env, MIGRATE_CLAIMS_DIR: join(folder, 'claims') } },
    );
    return { said: stdout, files: Number(/^files (\d+)$/m.exec(stderr)?.[1]) };
  }

  // Of the sources, help loads 44 files, status 246 and a runbook 476.
  test('tells its help from few files', () => {
    const { said, files } = migrate('--help');
    expect(said).toContain('First steps:');
    expect(files).toBeLessThan(20);
  });

  test('tells the status from few files', () => {
    const { said, files } = migrate('status', '--state-dir', join(folder, 'state'));
    expect(said).toContain('No run');
    expect(files).toBeLessThan(90);
  });

  test('loads a runbook with all operations from few files', () => {
    const { said, files } = migrate('show', 'preseed-drill');
    expect(said).toContain('preseed-drill');
    expect(files).toBeLessThan(75);
  });

  test('has every process and thread of its own where it is looked for', () => {
    for (const name of programs) expect(existsSync(join(folder, 'dist', `${name}.js`)), name).toBe(true);
    const started = globSync('src/**/*.ts', { cwd: root }).flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const names = [...text.matchAll(/'\.\/([\w-]+)\.ts' : '\.\/\1\.js'|moduleBeside\('([\w-]+)'\)/g)];
      return names.map(([, beside, besideThat]) => join(file, '..', beside ?? besideThat ?? ''));
    });
    expect(started.length).toBeGreaterThan(4);
    expect(programs).toEqual(expect.arrayContaining(started));
  });

  test('leaves alone what a text says that it writes', () => {
    const code = globSync('dist/**/*.js', { cwd: folder }).map((file) =>
      readFileSync(join(folder, file), 'utf8'),
    );
    expect(code.filter((text) => text.includes('__own_'))).toEqual([]);
    expect(code.some((text) => text.includes('join(import.meta.dirname, ${'))).toBe(true);
  });

  test('brings the licenses of what it holds of others', () => {
    expect(readFileSync(join(folder, 'dist/LICENSES.md'), 'utf8')).toMatch(
      /^## zod [\d.]+ \(MIT\)\n\nMIT License/m,
    );
  });
});
