import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocks, project } from '../readme/blocks.ts';

describe('the package, installed in an empty folder', { timeout: 300_000 }, () => {
  let folder: string;
  let packed: string[];

  beforeAll(() => {
    // Not in /tmp: a state folder may not lie on a tmpfs.
    folder = mkdtempSync('/var/tmp/migrate-package-');
    const checkout = join(folder, 'checkout');
    // A copy, since packing compiles into the checkout's dist.
    const left = ['node_modules', 'dist', '.git'].map((name) => `--exclude=/${name}`);
    execFileSync('rsync', ['-a', ...left, `${project}/`, checkout]);
    symlinkSync(join(project, 'node_modules'), join(checkout, 'node_modules'));
    const [packAndInstall = ''] = blocks('Install', 'sh');
    sh(checkout, packAndInstall);
    const tarball = globSync(join(checkout, '*.tgz'))[0]!;
    packed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((path) => path.replace('package/', ''));
    mkdirSync(join(folder, 'empty'));
    sh(join(folder, 'empty'), `npm install '${tarball}'`);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function sh(cwd: string, script: string): void {
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', script], {
      cwd,
      env: {
        ...npmEnvironment(),
        npm_config_prefix: join(folder, 'everyone'),
        npm_config_prefer_offline: 'true',
      },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${script} failed:\n${stdout}${stderr}`);
  }

  function migrate(...args: string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync('npx', ['migrate', ...args], {
      cwd: join(folder, 'empty'),
      // Of npm's own words only errors, so that what is left is migrate's.
      env: { ...process.env, npm_config_loglevel: 'error', NODE_DISABLE_COMPILE_CACHE: '1' },
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  /** Writes a runbook that lies neither in the checkout nor beside the installed package. */
  function writeRunbook(): string {
    const path = join(folder, 'own', 'greet.ts');
    mkdirSync(join(folder, 'own'), { recursive: true });
    writeFileSync(
      path,
      `import { runbook, z } from 'migrate-runbook';
import { command } from 'migrate-runbook/operations';

export default runbook('greet', { summary: 'Writes a greeting', params: z.object({ file: z.string() }) })
  .step('copy', {
    commands: ({ params, sh }) => [sh\`cp /etc/passwd \${params.file}\`],
    undo: ({ params, sh }) => [sh\`rm -f \${params.file}\`],
  })
  .step('look', { needs: ['copy'], readonly: true, commands: ({ params, sh }) => [sh\`test -s \${params.file}\`] });

export { command };
`,
    );
    return path;
  }

  test('holds what runs and what explains it, and nothing else', () => {
    for (const file of [
      'dist/src/cli/migrate.js',
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'dist/src/operations/index.d.ts',
      'dist/runbooks/wsl-nix-store.js',
      'nix/module.nix',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
    ]) {
      expect(packed).toContain(file);
    }
    expect(
      packed.filter(
        (path) => !/^(dist|fixtures|nix)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path),
      ),
    ).toEqual([]);
    expect(packed.filter((path) => path.startsWith('dist/') && /(?<!\.d)\.ts$/.test(path))).toEqual([]);
  });

  test('is installed for everyone by the commands of the README', () => {
    const everyones = join(folder, 'everyone/bin/migrate');
    expect(execFileSync(everyones, ['list'], { encoding: 'utf8' })).toContain('wsl-nix-store');
  });

  test('tells its version', () => {
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(migrate('--version')).toEqual({ status: 0, output: `${version}\n` });
  });

  test('lists the runbooks that come with it', () => {
    const { status, output } = migrate('list');
    expect(output).toContain('wsl-nix-store');
    expect(status).toBe(0);
  });

  test('runs a runbook from anywhere on disk, which imports it without having it installed', () => {
    const file = join(folder, 'greeting');
    const ran = migrate('run', writeRunbook(), '--set', `file=${file}`, '--state-dir', join(folder, 'runs'));
    expect(ran.status, ran.output).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(readFileSync('/etc/passwd', 'utf8'));
  });

  test('gives an author who has it installed the types of both of its modules', () => {
    const runbook = writeRunbook();
    const installed = join(folder, 'empty');
    execFileSync('cp', [runbook, join(installed, 'greet.ts')]);
    writeFileSync(
      join(installed, 'wrong.ts'),
      readFileSync(runbook, 'utf8').replaceAll('params.file', 'params.fiel'),
    );
    const check = (file: string): string =>
      spawnSync(
        join(project, 'node_modules/.bin/tsc'),
        ['--noEmit', '--strict', '--module', 'nodenext', '--types', '', '--skipLibCheck', file],
        { cwd: installed, encoding: 'utf8' },
      ).stdout;
    expect(check('greet.ts')).toBe('');
    expect(check('wrong.ts')).toContain("Property 'fiel' does not exist");
  });
});

/** Without npm's own settings for the command that runs these tests, which are no business of another npm. */
function npmEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(?!cafile|registry)|package_|lifecycle_)/i.test(name),
    ),
  );
}
