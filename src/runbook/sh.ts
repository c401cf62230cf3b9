import { UsageError } from '../errors.ts';
import type { Command, CommandOptions } from './command.ts';
import { isPlaceholder } from './placeholder.ts';
import { isSecretReference } from './secret.ts';

type Part = string | number | readonly (string | number)[];

export interface Sh {
  /** Builds a command: literal text is split at white space, each value is exactly one argument, an array is several. */
  (literals: TemplateStringsArray, ...values: readonly Part[]): Command;
  /** The same template with a folder, an environment, accepted exit codes or an input. */
  with(options: CommandOptions): (literals: TemplateStringsArray, ...values: readonly Part[]) => Command;
}

const shellOnly = /[|&;<>`$*?(){}\\]/;
/** Characters that a shell reads at the start of a word only: a home folder, a comment. */
const shellOnlyFirst = /[~#]/;

/**
 * The template for commands.
 *
 * @throws UsageError `command.shell-syntax` when literal text holds a character that only a shell
 *   would understand (quote it with '…' to pass it on as it is), `command.quote` for an open quote,
 *   `command.array` for an array that does not stand alone, `command.value` for what is no argument,
 *   `command.escape` for a backslash that JavaScript itself cannot read, `command.empty` for no program.
 */
export const sh: Sh = Object.assign(
  (literals: TemplateStringsArray, ...values: readonly Part[]) => ({ argv: toArgv(literals, values) }),
  {
    with:
      (options: CommandOptions) =>
      (literals: TemplateStringsArray, ...values: readonly Part[]): Command => ({
        argv: toArgv(literals, values),
        ...options,
      }),
  },
);

function toArgv(literals: TemplateStringsArray, values: readonly Part[]): [string, ...string[]] {
  const argv: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  let afterArray = false;
  const whole = () => `sh\`${literals.raw.join('…').trim()}\``;
  const add = (text: string) => {
    if (afterArray) throw alone(whole());
    word = (word ?? '') + text;
  };
  const endWord = () => {
    if (word !== undefined) argv.push(word);
    word = undefined;
    afterArray = false;
  };
  for (const [index, literal] of (literals as readonly (string | undefined)[]).entries()) {
    if (literal === undefined) throw badEscape(whole());
    for (const character of literal) {
      if (quote !== undefined) {
        if (character === quote) quote = undefined;
        else add(character);
      } else if (character === '"' || character === "'") {
        quote = character;
        add('');
      } else if (/\s/.test(character)) {
        endWord();
      } else if (shellOnly.test(character) || (word === undefined && shellOnlyFirst.test(character))) {
        throw shellSyntax(whole(), character);
      } else {
        add(character);
      }
    }
    if (index >= values.length) continue;
    const value = values[index] as Part;
    if (Array.isArray(value)) {
      if (word !== undefined || quote !== undefined || afterArray) throw alone(whole());
      argv.push(...value.map((item: unknown) => argument(item, whole())));
      afterArray = true;
    } else {
      add(argument(value, whole()));
    }
  }
  if (quote !== undefined) throw new UsageError('command.quote', `an open ${quote} in ${whole()}`);
  endWord();
  const [program, ...args] = argv;
  if (program === undefined || program === '')
    throw new UsageError('command.empty', `a command needs a program: ${whole()}`);
  return [program, ...args];
}

/** A value as one argument: types are stripped from a runbook, so what reaches this may be anything. */
function argument(value: unknown, whole: string): string {
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  if (typeof value !== 'string' && !isNumber && !isPlaceholder(value)) {
    const what = isSecretReference(value)
      ? 'a secret, which any user could read in the list of processes'
      : value === null || typeof value !== 'object'
        ? String(value)
        : 'an object';
    throw new UsageError(
      'command.value',
      `${whole} was given ${what}, which is no argument`,
      isSecretReference(value)
        ? 'Hand it over in the environment: sh.with({ env: { NAME: params.secret } })`…`'
        : 'Give text, a finite number, or an array of them.',
    );
  }
  const text = String(value);
  if (text.includes('\0')) {
    throw new UsageError(
      'command.value',
      `${whole} was given text with a NUL byte, which no program can take`,
    );
  }
  return text;
}

function shellSyntax(whole: string, character: string): UsageError {
  return new UsageError(
    'command.shell-syntax',
    `${whole} holds ${JSON.stringify(character)}, and no shell reads it`,
    `Quote it to pass it on as it is ('${character}'), or write several commands, or use run.`,
  );
}

function alone(whole: string): UsageError {
  return new UsageError('command.array', `an array must stand alone in a command, between spaces: ${whole}`);
}

function badEscape(whole: string): UsageError {
  return new UsageError(
    'command.escape',
    `${whole} holds a backslash that JavaScript cannot read`,
    'Write \\\\ for each backslash, within quotes, or hand the text over as a value.',
  );
}
