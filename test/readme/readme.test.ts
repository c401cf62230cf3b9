import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { blocks, project, readme } from './blocks.ts';

/** A folder in which `migrate` is this checkout's, with a state folder of its own. */
function placeWithMigrate(): { folder: string; sh(script: string): { exit: number | null; output: string } } {
  // Not in /tmp: a state folder may not lie on a tmpfs.
  const folder = mkdtempSync('/var/tmp/migrate-readme-');
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'work'));
  const migrate = `exec '${process.execPath}' '${project}/src/cli/migrate.ts' --state-dir '${folder}/state' "$@"`;
  writeFileSync(join(folder, 'bin/migrate'), `#!/bin/sh\n${migrate}\n`);
  chmodSync(join(folder, 'bin/migrate'), 0o755);
  return {
    folder: join(folder, 'work'),
    sh(script) {
      const { status, stdout, stderr } = spawnSync('sh', ['-eu', '-c', script], {
        cwd: join(folder, 'work'),
        env: { ...process.env, PATH: `${folder}/bin:${process.env['PATH']}` },
        input: '',
        encoding: 'utf8',
      });
      return { exit: status, output: stdout + stderr };
    },
  };
}

describe('the README', () => {
  test('begins with the two commands that every clean checkout is tried with', () => {
    const commands = blocks('Try it', 'sh');
    expect(commands).toEqual(['npm run rehearse -- --yes', 'npm test -- --yes']);
    expect(readFileSync(join(project, '.ci/run'), 'utf8')).toContain(` ${commands[1]}\n`);
  });

  test('shows a runbook that does, with the commands beside it, what it says', { timeout: 120_000 }, () => {
    const { folder, sh } = placeWithMigrate();
    const [runbook] = blocks('A runbook of your own', 'ts');
    const [commands] = blocks('A runbook of your own', 'sh');
    writeFileSync(join(folder, 'move-photos.ts'), runbook!);
    const before = commands!.slice(0, commands!.indexOf('migrate rollback'));
    const there = sh(before);
    expect(there.exit, there.output).toBe(0);
    expect(there.output).toMatch(/^one$/m);
    expect(readlinkSync(join(folder, 'album'))).toBe(join(folder, 'ssd/photos'));

    const back = sh(commands!.slice(commands!.indexOf('migrate rollback')));
    expect(back.exit, back.output).toBe(0);
    expect(readlinkSync(join(folder, 'album'))).toBe(join(folder, 'photos'));
    expect(existsSync(join(folder, 'ssd/photos'))).toBe(false);
    expect(readFileSync(join(folder, 'photos/1.jpg'), 'utf8')).toBe('one\n');
  });

  test('names every command, and none that is not there', () => {
    const { sh } = placeWithMigrate();
    const [, list = ''] = sh('migrate --help').output.split(/^Commands:$/m);
    const [commands = ''] = list.split('\n\n');
    const there = [...commands.matchAll(/^ {2}([a-z]+)[ |]/gm)].map(([, name]) => name);
    const named = [...readme.matchAll(/^\| .*$/gm)].flatMap(([row]) =>
      [...row.matchAll(/`migrate ([a-z]+)/g)].map(([, name]) => name),
    );
    expect(new Set([...named, 'help'])).toEqual(new Set(there));
  });
});

test('every link of the documentation to a file of this project leads to one', () => {
  const pages = globSync('{*.md,docs/**/*.md}', { cwd: project });
  expect(pages.length).toBeGreaterThan(5);
  const broken = pages.flatMap((page) => {
    const text = readFileSync(join(project, page), 'utf8').replaceAll(/```.*?```/gs, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    return targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !leadsSomewhere(page, target))
      .map((target) => `${page}: ${target}`);
  });
  expect(broken).toEqual([]);
});

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? join(project, page) : join(project, dirname(page), path);
  if (!existsSync(file)) return false;
  if (anchor === undefined) return true;
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].some(([, heading]) => anchorOf(heading!) === anchor);
}

/** As hosts of repositories make them of headings. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
