import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { createProgram } from '../../src/cli/program.ts';

type Any = Pick<Command, 'name' | 'commands' | 'options' | 'registeredArguments' | 'parent'>;

function allCommands(): { path: string; command: Any }[] {
  const below = (command: Any, path: string): { path: string; command: Any }[] =>
    command.commands.flatMap((child) => {
      const childPath = `${path} ${child.name()}`;
      return [
        { path: childPath, command: child as unknown as Any },
        ...below(child as unknown as Any, childPath),
      ];
    });
  return below(createProgram({ overrides: {}, exitCode: 0 }), 'migrate');
}

const commands = allCommands();
let out = '';
let err = '';

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((err += String(text))));
});
afterEach(() => vi.restoreAllMocks());

describe('help', () => {
  test('names every command there is', () => {
    expect(
      commands.map(({ path }) => path.split(' ')[1]).filter((name, at, all) => all.indexOf(name) === at),
    ).toEqual([
      ...[
        'list',
        'show',
        'plan',
        'run',
        'resume',
        'rollback',
        'confirm',
        'settle',
        'abort',
        'status',
        'logs',
        'report',
        'check',
        'inventory',
        'verify',
        'manifest',
        'doctor',
      ],
      ...['attach', 'state', 'boot', 'rehearse', 'new', 'import', 'config', 'notify'],
    ]);
  });

  test.each(commands.map(({ path }) => path))('of %s has an example and the global options', async (path) => {
    const [, ...words] = path.split(' ');
    expect(await main([...words, '--help'])).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(
      new RegExp(String.raw`Examples?:\n  \$ ${words.length > 0 ? `migrate ${words[0]}` : path}`),
    );
    for (const option of ['--json', '--state-dir', '--quiet', '--verbose', '--no-color'])
      expect(out).toContain(option);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('is where the documentation looks: every command and option stands in docs/commands.md', () => {
    const docs = readFileSync(resolve(import.meta.dirname, '../../docs/commands.md'), 'utf8');
    for (const { path, command } of commands) {
      expect(docs, path).toContain(path);
      const section = docs.slice(docs.indexOf(`## ${path.split(' ').slice(0, 2).join(' ')}`));
      for (const { long } of command.options) expect(section, `${path} ${long}`).toContain(`${long}`);
    }
  });
});

describe('wrong usage', () => {
  test.each([
    [['rnu'], "unknown command 'rnu'", 'Did you mean run?'],
    [['run', 'x', '--dryrun'], "unknown option '--dryrun'", 'Did you mean --dry-run?'],
    [['run'], "missing required argument 'runbook'", 'migrate run --help'],
    [['confirm', 'x'], "missing required argument 'gate'", 'migrate confirm --help'],
    [['config', 'gte'], "unknown command 'gte'", 'Did you mean get?'],
    [['list', 'x'], 'too many arguments', 'migrate list --help'],
    [['run', 'x', '--jobs', 'many'], 'expected a whole number', 'migrate run --help'],
    [['status', '--quiet', '--verbose'], 'cannot be used with', 'migrate'],
    [['settle', 'x', 'y', '--done'], "required option '--why <text>'", 'migrate settle --help'],
  ])('%j exits 2 and says what was meant', async (argv, message, hint) => {
    expect(await main(argv)).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).toContain(hint);
  });

  test('is told to a program as JSON', async () => {
    expect(await main(['run', 'x', '--dryrun', '--json'])).toBe(2);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      type: 'error',
      code: 'usage',
      message: "unknown option '--dryrun'",
      hint: expect.stringContaining('--dry-run'),
      exitCode: 2,
    });
  });

  test('without a command shows what there is, and exits 2', async () => {
    expect(await main([])).toBe(2);
    expect(err).toContain('Usage: migrate');
  });
});

describe('global options', () => {
  test.each([
    [['--state-dir', '/somewhere', 'state', 'path']],
    [['state', 'path', '--state-dir', '/somewhere']],
  ])('may stand before or after the command: %j', async (argv) => {
    expect(await main(argv)).toBe(0);
    expect(out).toBe('/somewhere\n');
  });

  test('ask for JSON in either place', async () => {
    expect(await main(['--json', 'state', 'path', '--state-dir', '/somewhere'])).toBe(0);
    expect(JSON.parse(out)).toEqual({ type: 'state', folder: '/somewhere' });
  });
});
