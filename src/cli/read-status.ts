import { readLock } from '../host/lock.ts';
import { isOver } from '../journal/state.ts';
import { statusDocument, type StatusDocument } from '../render/documents/status.ts';
import { harmlessJson } from '../render/harmless.ts';
import { statusText } from '../render/text/status.ts';
import type { Clock } from '../runbook/index.ts';
import type { Globals } from './invocation.ts';
import { knownRuns, runsNamed, type KnownRun } from './known-run.ts';
import { print } from './print.ts';
import { stdout } from './process-streams.ts';
import { runStatusOf } from './run-status.ts';
import { interruptible } from './signals.ts';
import { withStateOption } from './state-option.ts';
import type { Terminal } from './terminal.ts';

const watchEveryMs = 1_000;

/** The status of the runs that a name stands for, or of all unfinished ones. @throws UsageError `run.unknown` */
export async function readStatus(
  state: string,
  name: string | undefined,
  clock: Clock,
): Promise<StatusDocument> {
  const runs =
    name === undefined
      ? (await knownRuns(state)).filter((run) => !isOver(run.state))
      : await runsNamed(state, name, 'latest');
  return { type: 'status', runs: await Promise.all(runs.map((run) => statusOf(run, clock))) };
}

async function statusOf(run: KnownRun, clock: Clock): Promise<StatusDocument['runs'][number]> {
  const owner = await readLock(run.place.folder);
  return runStatusOf(run, owner?.pid ?? null, clock.now().wall);
}

export function showStatus(
  document: StatusDocument,
  globals: Globals,
  terminal: Terminal,
  clock: Clock,
): void {
  print(globals, statusDocument, document, () => told(document, globals, terminal, clock));
}

function told(document: StatusDocument, globals: Globals, terminal: Terminal, clock: Clock): string {
  return withStateOption(statusText(document, terminal.style, clock.now().wall), globals.stateDir);
}

/**
 * Shows the status again whenever it changes, until every run is over or somebody breaks it off.
 * With `--json`, one document a line.
 */
export async function watchStatus(
  read: () => Promise<StatusDocument>,
  globals: Globals,
  terminal: Terminal,
  clock: Clock,
): Promise<void> {
  let before = '';
  await interruptible(
    () => {},
    async (signal) => {
      for (;;) {
        const document = await read();
        const text = globals.json
          ? harmlessJson(statusDocument.parse(document))
          : told(document, globals, terminal, clock);
        if (text !== before) {
          // Home, then clear what is below: less flicker than clearing first.
          const redraw = terminal.live ? `\u001b[H\u001b[J` : '';
          stdout.write(`${redraw}${text}\n${terminal.live || globals.json ? '' : '\n'}`);
        }
        before = text;
        const over = document.runs.every((run) => !['running', 'rolling-back'].includes(run.status));
        if (over || signal.aborted) return;
        try {
          await clock.sleep(watchEveryMs, signal);
        } catch {
          return;
        }
      }
    },
  );
}
