import { stepState } from '../../journal/state.ts';
import { quoteWord } from '../../runbook/index.ts';
import { WorldError } from '../world-error.ts';
import type { Pass } from './enumerate.ts';
import { Journey, type Setup } from './journey.ts';
import { noiseBetween, type Noise, type Seen } from './likeness.ts';

/** What an uninterrupted run looks like when a step is done. */
export interface Boundary {
  readonly step: string;
  readonly seen: Seen;
  readonly noise: Noise;
  /** What was passed on the way to it. */
  readonly passes: readonly Pass[];
  /** The step's. */
  readonly output: unknown;
}

/**
 * Runs the runbook twice without a crash, in two worlds that differ in what must not matter: the clock
 * and the numbers of processes. What the two disagree in says nothing about a third.
 *
 * @throws WorldError `crash.no-reference` when it does not come to its end
 */
export async function uninterrupted(setup: Setup): Promise<readonly Boundary[]> {
  const [one, other] = await Promise.all([runThrough(setup, false), runThrough(setup, true)]);
  return setup.ids.map((step, index) => {
    const [here, there] = [one[index], other[index]];
    if (here === undefined || there === undefined) throw new Error(`no world was seen at ${step}`);
    return { step, ...here, noise: noiseBetween(here.seen, there.seen) };
  });
}

async function runThrough(
  setup: Setup,
  elsewhen: boolean,
): Promise<readonly Omit<Boundary, 'step' | 'noise'>[]> {
  return Journey.within(setup, async (journey) => {
    const seen = [];
    if (elsewhen) await journey.world.skipTime(40 * 3_600_000);
    for (const [index, step] of setup.ids.entries()) {
      if (elsewhen) await useUpProcessNumbers(journey);
      const report = await journey.to(index, { passes: true });
      if (report.outcome !== 'done') throw noReference(setup, `to "${step}": ${report.why}`, journey.said);
      const output = report.state === undefined ? undefined : stepState(report.state, step).output;
      seen.push({ seen: await journey.see(), passes: journey.passes(), output });
    }
    return seen;
  });
}

export function noReference({ runbook }: Setup, what: string, said: string): WorldError {
  return new WorldError(
    'crash.no-reference',
    `without any crash it does not come ${what}\n${said.trimEnd()}`,
    `Mend that first. The whole run is shown by: migrate rehearse ${quoteWord(runbook)}`,
  );
}

async function useUpProcessNumbers(journey: Journey): Promise<void> {
  await journey.world.run(['sh', '-c', 'for number in 1 2 3 4 5 6 7; do /bin/true; done']);
}
