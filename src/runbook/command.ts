import { UsageError } from '../errors.ts';
import { isSecretReference, type SecretReference } from './secret.ts';

/** One program call as data. There is never a shell between it and the kernel. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** Added to the inherited environment; a secret is given by reference and resolved at the call. */
  readonly env?: Readonly<Record<string, string | SecretReference>>;
  /** Exit codes that count as success; `[0]` when left out. */
  readonly ok?: readonly number[];
  /** Text for standard input, which is otherwise closed. */
  readonly input?: string;
}

export type CommandOptions = Omit<Command, 'argv'>;

type Part = string | number | readonly (string | number)[];

export interface Sh {
  /** Builds a command: literal text is split at white space, each value is exactly one argument, an array is several. */
  (literals: TemplateStringsArray, ...values: readonly Part[]): Command;
  /** The same template with a folder, an environment, accepted exit codes or an input. */
  with(options: CommandOptions): (literals: TemplateStringsArray, ...values: readonly Part[]) => Command;
}

const shellOnly = /[|&;<>`$*?(){}]/;

/**
 * The template for commands.
 *
 * @throws UsageError `command.shell-syntax` when literal text holds a character that only a shell
 *   would understand (quote it with '…' to pass it on as it is), `command.quote` for an open quote,
 *   `command.empty` for no program.
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
  const endWord = () => {
    if (word !== undefined) argv.push(word);
    word = undefined;
  };
  literals.forEach((literal, index) => {
    for (const character of literal) {
      if (quote !== undefined) {
        if (character === quote) quote = undefined;
        else word = (word ?? '') + character;
      } else if (character === '"' || character === "'") {
        quote = character;
        word ??= '';
      } else if (/\s/.test(character)) {
        endWord();
      } else if (shellOnly.test(character)) {
        throw new UsageError(
          'command.shell-syntax',
          `sh\`${literals.join('…').trim()}\` holds ${JSON.stringify(character)}, and no shell reads it`,
          `Quote it to pass it on as it is ('${character}'), or write several commands, or use run.`,
        );
      } else {
        word = (word ?? '') + character;
      }
    }
    if (index >= values.length) return;
    const value = values[index] as Part;
    if (Array.isArray(value)) {
      if (word !== undefined || quote !== undefined) {
        throw new UsageError('command.array', 'an array must stand alone in a command, between spaces');
      }
      argv.push(...value.map(String));
    } else {
      word = (word ?? '') + String(value as string | number);
    }
  });
  if (quote !== undefined)
    throw new UsageError('command.quote', `an open ${quote} in sh\`${literals.join('…')}\``);
  endWord();
  const [program, ...args] = argv;
  if (program === undefined) throw new UsageError('command.empty', 'a command needs a program');
  return [program, ...args];
}

/** A command as a person would type it, quoted where a shell needs it; a secret shows as its reference. */
export function formatCommand(command: Command): string {
  const env = Object.entries(command.env ?? {}).map(([name, value]) =>
    isSecretReference(value) ? `${name}=‹${value.secret}:${value.name}›` : `${name}=${quoteWord(value)}`,
  );
  return [...env, ...command.argv.map(quoteWord)].join(' ');
}

/** One argument, quoted for a POSIX shell where it needs it. */
export function quoteWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./‹›-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
