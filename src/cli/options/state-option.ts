import { quoteWord } from '../../runbook/command.ts';

const commands =
  /\bmigrate (attach|resume|rollback|confirm|settle|abort|status|logs|report|plan|run|doctor|boot enable|notify deliver)\b(?![^\n]*--state-dir)/g;

/** Names the operator's state folder in the commands that a message tells, which would not find the run else. */
export function withStateOption(text: string, stateDir: string | undefined): string {
  if (stateDir === undefined) return text;
  return text.replaceAll(
    commands,
    (_, command: string) => `migrate --state-dir ${quoteWord(stateDir)} ${command}`,
  );
}

/** What `--state-dir` was given among arguments that nobody has parsed yet. */
export function stateOptionOf(options: readonly string[]): string | undefined {
  const at = options.findLastIndex((option) => option === '--state-dir' || option.startsWith('--state-dir='));
  const option = options[at];
  return option === '--state-dir' ? options[at + 1] : option?.slice('--state-dir='.length);
}
