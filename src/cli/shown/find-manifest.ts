import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { openManifest, type Manifest } from '../../copy/index.ts';
import { UsageError } from '../../errors.ts';
import { stepState, type RunState } from '../../journal/state.ts';
import type { Globals } from '../invocation.ts';
import { oneRun } from '../runs/known-run.ts';
import { pickerFor } from '../runs/pick-run.ts';
import { placesOf } from '../runs/places.ts';
import { mustBeStep } from '../options/step-argument.ts';
import { terminalOf } from '../terminal/terminal.ts';

/** What a copy gives to the steps after it. */
const copied = z.object({ manifest: z.object({ file: z.string(), sha256: z.string() }) });

/**
 * The manifest that somebody means: a file, or that of a run's copy.
 *
 * @param step the copy, where a run made several
 * @throws UsageError `manifest.none`, `manifest.several`, `run.unknown`, `step.unknown`; StepError `manifest.*` for
 *   one that is not whole, or not the one that the run recorded
 */
export async function findManifestOf(
  name: string,
  step: string | undefined,
  globals: Globals,
): Promise<Manifest> {
  const file = resolve(name);
  // A folder may bear the name of a run, and a pipe could keep this waiting for ever.
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return openManifest(file);
  const picker = pickerFor(await terminalOf(globals));
  const { state } = await oneRun(placesOf(globals).state, name, 'latest', picker);
  if (step !== undefined) mustBeStep(step, '--step', state.run, state.nodes);
  const manifests = manifestsOf(state).filter((each) => step === undefined || each.step === step);
  const [first] = manifests;
  if (first === undefined) {
    throw new UsageError(
      'manifest.none',
      `${step === undefined ? state.run : `step "${step}" of ${state.run}`} has written no manifest`,
      'The final pass of a copy writes it. See what is done: migrate status',
    );
  }
  const files = new Set(manifests.map((each) => each.file));
  if (files.size > 1) {
    throw new UsageError(
      'manifest.several',
      `${state.run} made several copies, so say which one`,
      manifests.map((each) => `  --step ${each.step}  ${each.file}`).join('\n'),
    );
  }
  // A later pass over the same tree has written it anew.
  const { file: recorded, sha256 } = manifests.at(-1) ?? first;
  return openManifest(recorded, sha256);
}

function manifestsOf(state: RunState): { step: string; file: string; sha256: string }[] {
  return state.nodes.flatMap(({ id }) => {
    const { status, output } = stepState(state, id);
    const found = status === 'done' ? copied.safeParse(output).data : undefined;
    return found === undefined ? [] : [{ step: id, ...found.manifest }];
  });
}
