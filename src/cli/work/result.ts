import type { ExitCode } from '../../errors.ts';
import type { RunState } from '../../journal/state.ts';
import { resultDocument, type ResultDocument } from '../../render/documents/result.ts';
import { worstVerdict } from '../../render/finding.ts';
import { harmlessJson } from '../../render/harmless.ts';
import { reportText } from '../../render/report.ts';
import { verdictsOf } from '../../render/verdicts.ts';
import type { Globals } from '../invocation.ts';
import { stdout } from '../terminal/process-streams.ts';
import { withStateOption } from '../options/state-option.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { wayBackOf } from '../shown/way-back.ts';

export interface Conclusion {
  readonly status: ResultDocument['status'];
  readonly exitCode: ExitCode;
  readonly step?: string | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly remains?: readonly string[] | undefined;
  /** The runbook may be run again at once. */
  readonly anew?: boolean;
}

/** What a call has come to, as a document. */
export function resultOf(
  globals: Pick<Globals, 'stateDir'>,
  state: RunState,
  conclusion: Conclusion,
  did: { readonly done: readonly string[]; readonly tookMs: number },
): ResultDocument {
  const { status, exitCode, message, step, hint, remains } = conclusion;
  return {
    type: 'result',
    run: state.run,
    status,
    exitCode,
    ...(step === undefined ? {} : { step }),
    message,
    ...(hint === undefined ? {} : { hint: withStateOption(hint, globals.stateDir) }),
    done: [...did.done],
    tookMs: Math.round(did.tookMs),
    ...(remains === undefined ? {} : { remains: [...remains] }),
    wayBack: wayBackOf(state),
    ...checked(state),
  };
}

function checked(state: RunState): Pick<ResultDocument, 'verdict' | 'checks'> {
  const checks = verdictsOf(state);
  const asked = checks.flatMap(({ verdict }) => verdict ?? []);
  return {
    ...(asked.length === 0 ? {} : { verdict: worstVerdict(asked) }),
    ...(checks.length === 0 ? {} : { checks }),
  };
}

/**
 * Prints it, as the last thing.
 * @param ways also the commands by which one goes on or back
 */
export function printResult(
  globals: Globals,
  terminal: Terminal,
  document: ResultDocument,
  ways = true,
): void {
  // One line also with --json: it ends the JSON lines of the events.
  const text = globals.json
    ? harmlessJson(resultDocument.parse(document))
    : `${terminal.live ? '\n' : ''}${withStateOption(reportText(document, terminal.style, ways), globals.stateDir)}`;
  stdout.write(`${text}\n`);
}
