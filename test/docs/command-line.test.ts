import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { allPages, project } from './pages.ts';

type Any = Pick<Command, 'name' | 'commands' | 'options' | 'registeredArguments'>;

const program = createProgram({ overrides: {}, exitCode: 0 }) as unknown as Any;

/** Every call of a program in the code of the documentation: `migrate …` or `npm …`. */
function callsOf(name: string): { at: string; words: readonly string[] }[] {
  return allPages().flatMap((page) => {
    const inline = page.codes.map(({ text, line }) => ({ at: `${page.name}:${line}`, text }));
    const lines = page.blocks
      .filter(({ language }) => language === 'sh')
      .flatMap((block) =>
        block.text
          .split('\n')
          .map((text, index) => ({ at: `${page.name}:${block.line + index}`, text: text.trim() })),
      );
    return [...inline, ...lines]
      .filter(({ text }) => text.startsWith(`${name} `))
      .map(({ at, text }) => ({ at, words: wordsOf(text).slice(1) }));
  });
}

/** Words as a shell sees them, up to a comment or the next command. */
function wordsOf(text: string): string[] {
  const words = [...text.matchAll(/'[^']*'|"[^"]*"|[^\s'"]+/g)].map(([word]) => word);
  const end = words.findIndex((word) => word.startsWith('#') || /^(&&|\|\|?|;)$/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

/** What is wrong with a call, by the program itself. */
function problemOf(words: readonly string[]): string | undefined {
  let command = program;
  let places = 0;
  for (const word of words.flatMap((each) => each.split('|'))) {
    const child = command.commands.find((each) => each.name() === word);
    if (word.startsWith('-') && word !== '-') {
      const flag = word.split('=')[0];
      const known = [...program.options, ...command.options].some(
        ({ long, short }) => long === flag || short === flag,
      );
      if (!known && !['--help', '-h'].includes(flag ?? '')) return `no option ${flag}`;
    } else if (child !== undefined) command = child as unknown as Any;
    else if (command.commands.length > 0 && /^[a-z]+$/.test(word)) return `no command ${word}`;
    else places += 1;
  }
  return command === program && places === 0 && words.length > 0 && !words[0]?.startsWith('-')
    ? 'no command'
    : undefined;
}

test('every call of migrate in the documentation is one that the command line understands', () => {
  const calls = callsOf('migrate');
  expect(calls.length).toBeGreaterThan(80);
  const wrong = calls.flatMap(({ at, words }) => {
    const problem = problemOf(words);
    return problem === undefined ? [] : [`${at} migrate ${words.join(' ')}: ${problem}`];
  });
  expect(wrong).toEqual([]);
});

test('a command or an option that there is not is noticed', () => {
  expect(problemOf(['rnu', 'x'])).toBe('no command rnu');
  expect(problemOf(['run', 'x', '--dryrun'])).toBe('no option --dryrun');
  expect(problemOf(['state', 'path|move', 'DIR'])).toBeUndefined();
  expect(problemOf(['config', 'gte', 'color'])).toBe('no command gte');
});

test('every script of npm that the documentation names is in package.json', () => {
  const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { scripts: object };
  const named = callsOf('npm').flatMap(({ at, words }) => {
    if (words[0] === 'run') return [{ at, script: words[1] ?? '' }];
    return words[0] === 'test' ? [{ at, script: 'test' }] : [];
  });
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter(({ script }) => !Object.keys(scripts).includes(script))).toEqual([]);
});
