import type { KnownRun } from './known-run.ts';
import { askOnce } from '../terminal/prompts.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Asks which run is meant; `undefined` when nobody can be asked. */
export function pickerFor(
  terminal: Terminal,
): ((runs: readonly KnownRun[]) => Promise<KnownRun | undefined>) | undefined {
  if (!terminal.interactive) return undefined;
  return async (runs) => {
    const options = runs.map(({ place, state }) => ({
      value: place.id,
      label: `${place.id}  ${state.summary}`,
    }));
    const picked = await askOnce((prompts) => prompts.pick('Which run?', options));
    return runs.find(({ place }) => place.id === picked);
  };
}
