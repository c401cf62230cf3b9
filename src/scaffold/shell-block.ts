import type { Item } from './outline.ts';
import { readShellLine, type ShellCommand } from './shell-line.ts';

/** What spans several lines, so that the block can only be read as a whole. */
const begins = /^\s*(if|for|while|until|case|function)\s|^\s*\w+\s*\(\)\s*\{|<<-?\s*['"\w]|^#!/;
const ends = /(;|\s)(done|fi|esac|\})\s*$/;
const never = /^(journalctl\b.*\s(-f|--follow)\b|tail\b.*\s(-f|-F|--follow)\b|watch\b|top$|htop$)/;
const reboots = /^(reboot|shutdown -r\b.*|systemctl reboot)$/;
const numbered = /^\d+[.)]\s+(.+)$/;

/**
 * The items of one block of shell. A comment before a command is its title; one before nothing is for a person.
 *
 * @param heading names what has no title of its own
 */
export function itemsOfShell(code: string, heading: string): readonly Item[] {
  const text = code.replaceAll(/\\\n\s*/g, ' ');
  if (text.split('\n').some((line) => begins.test(line) && !ends.test(line)))
    return [byHand(heading, text.trim())];
  const items: Item[] = [];
  let comments: string[] = [];
  const leaveComments = () => {
    for (const comment of comments) if (!expected.test(comment)) items.push(byHand(comment, comment));
    comments = [];
  };
  for (const raw of text.split('\n')) {
    const line = raw.trim().replace(/^\$\s+/, '');
    if (line === '') {
      leaveComments();
    } else if (line.startsWith('#')) {
      comments.push(line.replace(/^#+\s*/, ''));
    } else {
      items.push(...itemsOfLine(line, comments.splice(0)));
    }
  }
  leaveComments();
  return items;
}

const expected = /^(expected|e\.g\.|for example|or\b|etc\b)|^$/i;
const wait = /^wait\b/i;

function itemsOfLine(line: string, comments: readonly string[]): readonly Item[] {
  const waits = comments.filter((comment) => wait.test(comment)).map(toWait);
  return [...waits, ...itemsTitled(line, comments.filter((comment) => !wait.test(comment)).join('; '))];
}

/** A soak needs to know what shows that all is well, which no plan's comment says. */
function toWait(comment: string): Item {
  const better = 'Better than this gate is a soak, with a probe of what must stay well.';
  return { kind: 'manual', title: comment, instructions: `${comment}\n${better}` };
}

function itemsTitled(line: string, titled: string): readonly Item[] {
  const inWords = numbered.exec(line)?.[1];
  if (inWords !== undefined) return [byHand(titled || inWords, inWords)];
  const read = readShellLine(line);
  const title = withoutNumber(titled || read.comment);
  if (read.kind === 'shell' || never.test(line)) return [byHand(title || line, line)];
  return read.commands.map((command): Item => itemOf(command, title, line));
}

function itemOf({ argv, asRoot }: ShellCommand, title: string, text: string): Item {
  const words = argv.join(' ');
  if (reboots.test(words)) return { kind: 'reboot', title: title || 'Reboot' };
  return { kind: 'command', title: title || words, argv, text, asRoot };
}

function byHand(title: string, instructions: string): Item {
  return { kind: 'manual', title: withoutNumber(title), instructions };
}

export function withoutNumber(text: string): string {
  return text.replace(/^\d+[.)]\s+/, '');
}
