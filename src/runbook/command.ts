import { isSecretReference, type SecretReference } from './secret.ts';

/** One program call as data. No shell ever reads its words. */
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

/** A command as a person would type it, quoted where a shell needs it; a secret shows as its reference. */
export function formatCommand(command: Command): string {
  const env = Object.entries(command.env ?? {}).map(([name, value]) =>
    isSecretReference(value) ? `${name}=‹${value.secret}:${value.name}›` : `${name}=${quoteWord(value)}`,
  );
  const [program, ...args] = command.argv;
  // A shell would take a first word with an equals sign for a variable.
  const first = String(program).includes('=') ? quoted(program) : quoteWord(program);
  return [...env, first, ...args.map(quoteWord)].join(' ');
}

/** One argument, quoted for a POSIX shell where it needs it. */
export function quoteWord(word: string): string {
  // In a plan the word may be a placeholder, which has no methods of a text.
  const text = String(word);
  return /^[A-Za-z0-9_@%+=:,./‹›-]+$/.test(text) ? text : quoted(text);
}

function quoted(word: string): string {
  return `'${String(word).replaceAll("'", String.raw`'\''`)}'`;
}
