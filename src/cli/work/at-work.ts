import type { Session } from '../../engine/session.ts';
import type { ExitCode } from '../../errors.ts';
import { silentRenderer } from '../../render/renderer.ts';
import type { Runbook } from '../../runbook/index.ts';
import { hostFor } from './host-for.ts';
import type { Globals, Overrides } from '../invocation.ts';
import { keepResult } from '../attach/last-result.ts';
import type { OpenRun } from '../runs/open-run.ts';
import { runAgain } from '../runs/run-again.ts';
import { placesOf } from '../runs/places.ts';
import { terminalPrompts, type PromptOptions } from '../terminal/prompts.ts';
import { rendererFor } from '../terminal/renderer.ts';
import { printResult, resultOf, type Conclusion } from './result.ts';
import { interruptible } from '../terminal/signals.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { timerWillLook } from '../unattended/timer-looks.ts';
import { work } from './work.ts';

export interface AtWork {
  readonly globals: Globals;
  readonly overrides: Overrides;
  readonly open: OpenRun;
  readonly runbook: Runbook | undefined;
  readonly fresh?: boolean;
  readonly yes?: boolean;
  readonly accepted?: readonly string[];
  readonly unattended?: 'boot' | 'timer' | undefined;
  /** Told before anything else. */
  readonly notices?: readonly (string | undefined)[];
  /** Print the result only. */
  readonly silent?: boolean;
}

/** Works on an open run with the terminal, signals and prompts of this call, prints the result, closes the run. */
export async function atWork(
  given: AtWork,
  doIt: (session: Session) => Promise<Conclusion>,
): Promise<ExitCode> {
  const { globals, overrides, open, runbook } = given;
  try {
    const terminal = await terminalOf(globals);
    const host = hostFor(overrides, open.state.params, placesOf(globals).state);
    const timer = given.unattended === 'timer' || (await timerWillLook(runbook, placesOf(globals).state));
    const renderer =
      given.silent === true ? silentRenderer : await rendererFor(globals, terminal, host.clock);
    const worked = await interruptible(
      (text) => renderer.notice(text),
      (signal, interrupt) => {
        for (const notice of given.notices ?? []) if (notice !== undefined) renderer.notice(notice);
        const aside: PromptOptions['aside'] = (ask) => renderer.whileAsking(ask);
        return work(
          {
            open,
            runbook,
            host,
            renderer,
            prompts: terminal.interactive ? terminalPrompts({ signal, interrupt, aside }) : undefined,
            signal,
            overrides,
            claims: placesOf(globals).claims,
            shownClaims: placesOf(globals).shownClaims,
            yes: given.yes ?? false,
            accepted: given.accepted ?? [],
            fresh: given.fresh ?? false,
            unattended: given.unattended,
            timer,
          },
          doIt,
        );
      },
    );
    const result = await withAgain(worked.result, open, runbook);
    const document = resultOf(globals, open.state, result, worked);
    await keepResult(open.place, open.state.lastSeq, document);
    printResult(globals, terminal, document, overrides.tellsNoWay !== true);
    return worked.result.exitCode;
  } finally {
    await open.close();
  }
}

/** The words for a run like this one; the engine cannot know by which the operator finds its runbook. */
async function withAgain(
  conclusion: Conclusion,
  { state }: OpenRun,
  runbook: Runbook | undefined,
): Promise<Conclusion> {
  if (conclusion.anew !== true || runbook === undefined) return conclusion;
  const again = `${conclusion.hint === undefined ? 'Run' : 'Or run'} it anew: ${await runAgain(state, runbook)}`;
  return { ...conclusion, hint: [conclusion.hint, again].filter(Boolean).join('\n') };
}
