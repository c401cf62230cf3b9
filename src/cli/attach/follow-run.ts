import type { LiveEvent } from '../../engine/index.ts';
import type { RunFolder } from '../../host/runs.ts';
import { fold } from '../../journal/fold.ts';
import { isOver } from '../../journal/state.ts';
import { jsonLinesRenderer } from '../../render/json-lines.ts';
import { linesRenderer } from '../../render/lines.ts';
import type { Clock } from '../../runbook/index.ts';
import type { Globals } from '../invocation.ts';
import { stdout } from '../terminal/process-streams.ts';
import { tailOf } from './run-tail.ts';
import { interruptible } from '../terminal/signals.ts';
import type { Terminal } from '../terminal/terminal.ts';

const lookEveryMs = 500;

/** Prints a run's events and its commands' output as they come, from the start, until it is over. */
export async function followRun(
  place: RunFolder,
  step: string | undefined,
  globals: Globals,
  terminal: Terminal,
  clock: Clock,
): Promise<void> {
  const now = () => clock.now().wall;
  const renderer = globals.json
    ? jsonLinesRenderer({ output: stdout, verbosity: 'verbose' })
    : linesRenderer({ output: stdout, verbosity: 'verbose', now, colour: terminal.colour });
  const tail = tailOf(place);
  await interruptible(
    () => {},
    async (signal) => {
      for (;;) {
        const { events, fresh } = await tail.next();
        for (const live of fresh) if (step === undefined || stepOf(live) === step) renderer.tell(live);
        if (isOver(fold(events)) || signal.aborted) return;
        try {
          await clock.sleep(lookEveryMs, signal);
        } catch {
          return;
        }
      }
    },
  );
}

function stepOf(live: LiveEvent): string | undefined {
  if (live.type !== 'journaled') return live.step;
  return 'step' in live.event ? live.event.step : undefined;
}
