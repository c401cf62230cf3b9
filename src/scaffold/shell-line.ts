import { parse, type ParseEntry } from 'shell-quote';

export interface ShellCommand {
  readonly argv: readonly [string, ...string[]];
  readonly asRoot: boolean;
}

/** What a line of a shell block comes to. */
export type ShellLine =
  | { readonly kind: 'commands'; readonly commands: readonly ShellCommand[]; readonly comment: string }
  /** It needs a shell: a pipe, a redirection, a variable, a wildcard, or another folder. */
  | { readonly kind: 'shell'; readonly comment: string };

type Word = ParseEntry | { readonly op: string };

/** Substitutions and braces, which come out of the parser as if they were plain text; and a home folder. */
const leftToShell = /[`]|\$\(|^~|\{[^}]*,[^}]*\}|^\(|[<>]/;
const assignment = /^\w+=/;

/** Reads one line, which has neither a line break nor only a comment. */
export function readShellLine(line: string): ShellLine {
  const words = wordsOf(line);
  if (words === undefined) return { kind: 'shell', comment: '' };
  const comment = words.map((word) => (isComment(word) ? word.comment.trim() : '')).join('');
  const commands: ShellCommand[] = [];
  let argv: string[] = [];
  for (const word of [...words.filter((each) => !isComment(each)), { op: ';' }]) {
    if (typeof word === 'string') {
      argv.push(word);
      continue;
    }
    if (isComment(word) || !['&&', ';'].includes(word.op)) return { kind: 'shell', comment };
    if (argv.length === 0 && word.op === ';') continue;
    const command = commandOf(argv);
    if (command === undefined) return { kind: 'shell', comment };
    commands.push(command);
    argv = [];
  }
  return commands.length === 0 ? { kind: 'shell', comment } : { kind: 'commands', commands, comment };
}

/**
 * What the parser would take for something else, in characters that no plan has: a placeholder such as
 * `<the commit>` is no redirection, and `.#host` holds no comment.
 */
function setAside(line: string): string {
  return line
    .replaceAll(
      /<(?!nix)([a-zA-Z][\w -]*)>/g,
      (_, name: string) => `\u{e000}${name.replaceAll(' ', '\u{e001}')}\u{e002}`,
    )
    .replaceAll(/(?<=\S)#/g, '\u{e003}');
}

function putBack(word: string): string {
  return word
    .replaceAll('\u{e000}', '<')
    .replaceAll('\u{e001}', ' ')
    .replaceAll('\u{e002}', '>')
    .replaceAll('\u{e003}', '#');
}

function wordsOf(line: string): readonly Word[] | undefined {
  try {
    // A variable must not come from the environment of whoever imports.
    return parse(setAside(line), (name) => ({ op: `$${name}` }));
  } catch {
    // It throws at what a shell would refuse as well.
    return undefined;
  }
}

function isComment(word: Word): word is { readonly comment: string } {
  return typeof word !== 'string' && 'comment' in word;
}

function commandOf(words: readonly string[]): ShellCommand | undefined {
  const plain = words[0] === 'time' ? words.slice(1) : words;
  const asRoot = plain[0] === 'sudo';
  const [program, ...args] = asRoot ? plain.slice(1) : plain;
  if (program === undefined || !/^[\w./+-]+$/.test(program) || program.startsWith('-')) return undefined;
  // A path from somewhere: commands run in `/`.
  if (program.includes('/') && !program.startsWith('/')) return undefined;
  if (assignment.test(program) || shellWords.has(program)) return undefined;
  if (args.some((word) => leftToShell.test(word))) return undefined;
  return { argv: [program, ...args.map(putBack)], asRoot };
}

const shellWords = new Set(
  'cd export source . alias set unset eval exec exit wait if for while case function then else fi do done'.split(
    ' ',
  ),
);
