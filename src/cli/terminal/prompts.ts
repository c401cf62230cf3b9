import type * as clackTypes from '@clack/prompts';
import { harmlessLines } from '../../render/harmless.ts';
import type { Interrupt } from './signals.ts';

/** Questions on the terminal. Each gives `undefined` when it was broken off. */
export interface Prompts {
  agree(question: string): Promise<boolean | undefined>;
  /** @param until aborted when the answer is not needed any more; then nobody is interrupted */
  choose(question: string, yes: string, no: string, until?: AbortSignal): Promise<boolean | undefined>;
  pick(question: string, options: readonly { value: string; label: string }[]): Promise<string | undefined>;
  text(question: string, complaint?: (text: string) => string | undefined): Promise<string | undefined>;
}

export interface PromptOptions {
  readonly signal: AbortSignal;
  /** Ctrl-C in a question is a key press, no signal. */
  readonly interrupt: Interrupt;
  /** Takes the list off the terminal while a question stands there. */
  readonly aside: <Answer>(ask: () => Promise<Answer>) => Promise<Answer>;
}

export function terminalPrompts({ signal, interrupt, aside }: PromptOptions): Prompts {
  letTerminalGo();
  const asked = async <Answer>(
    ask: (clack: Clack) => Promise<Answer | typeof clackTypes.CANCEL_SYMBOL>,
    until?: AbortSignal,
  ): Promise<Answer | undefined> => {
    const clack = await import('@clack/prompts');
    // A question on a terminal that is gone cannot even be broken off.
    const broken = whenAborted(until === undefined ? [signal] : [signal, until]);
    const answer = await aside(() => Promise.race([ask(clack), broken]));
    if (answer === undefined) return undefined;
    if (!clack.isCancel(answer)) return answer;
    // A terminal that hung up answers nothing, which is not the same as Ctrl-C.
    const gone = process.stdin.readableEnded || process.stdin.destroyed;
    if (!signal.aborted && until?.aborted !== true && !gone) interrupt('SIGINT');
    return undefined;
  };
  return {
    agree: (question) =>
      asked((clack) => clack.confirm({ message: shown(question), initialValue: false, signal })),
    choose: (question, yes, no, until) =>
      asked(
        (clack) =>
          clack.select({
            message: shown(question),
            options: [
              { value: false, label: no },
              { value: true, label: yes },
            ],
            signal: until === undefined ? signal : AbortSignal.any([signal, until]),
          }),
        until,
      ),
    pick: (question, options) =>
      asked((clack) => clack.select({ message: shown(question), options: [...options], signal })),
    text: (question, complaint) =>
      asked((clack) =>
        clack.text({
          message: shown(question),
          ...(complaint === undefined ? {} : { validate: (text) => complaint(text ?? '') }),
          signal,
        }),
      ),
  };
}

function whenAborted(signals: readonly AbortSignal[]): Promise<undefined> {
  return new Promise((resolve) => {
    const any = AbortSignal.any([...signals]);
    // What the signal itself breaks off in order says so first.
    const soon = () => void setTimeout(() => resolve(undefined), 50);
    if (any.aborted) soon();
    else any.addEventListener('abort', soon, { once: true });
  });
}

/** A terminal that hangs up while a question stands on it fails to be read. Whoever sat there is told nothing. */
function letTerminalGo(): void {
  if (!process.stdin.listeners('error').includes(ignore)) process.stdin.on('error', ignore);
}

function ignore(): void {}

type Clack = Pick<typeof clackTypes, 'confirm' | 'select' | 'text'>;

function shown(question: string): string {
  return harmlessLines(question).join('\n');
}

/** Asks something outside of a run, where Ctrl-C means no. */
export function askOnce<Answer>(ask: (prompts: Prompts) => Promise<Answer>): Promise<Answer> {
  return ask(
    terminalPrompts({
      signal: new AbortController().signal,
      interrupt: () => {},
      aside: (question) => question(),
    }),
  );
}
