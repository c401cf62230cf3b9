import { existsSync } from 'node:fs';
import { bundledRunbooks, keptSource, loadRunbook, type LoadedRunbook } from '../host/runbook-file.ts';
import type { RunFolder } from '../host/runs.ts';
import type { RunState } from '../journal/state.ts';
import { fingerprintOf, recordNodes } from '../plan/fingerprint.ts';
import type { Runbook } from '../runbook/index.ts';

export interface PinnedRunbook {
  readonly runbook: Runbook;
  /** Something that the operator should know of where it came from. */
  readonly notice: string | undefined;
}

/**
 * The runbook with which a run goes on: the file that it was begun with, edited or not; the run's own
 * copy when that is gone.
 * @throws UsageError when neither can be loaded
 */
export async function runbookToResume(state: RunState, place: RunFolder): Promise<PinnedRunbook> {
  const original = originalOf(state);
  if (original === undefined) {
    const { runbook } = await loadRunbook(keptSource(state.source, place.sources));
    return { runbook, notice: `${state.source.file} is gone, so the run's own copy is used` };
  }
  const loaded = await loadRunbook(original);
  return { runbook: loaded.runbook, notice: textChanged(loaded, state) };
}

/**
 * The runbook as the run knows it, for undos that are code; `undefined` when it cannot be had any more,
 * and then those undos alone cannot run.
 */
export async function runbookToRollBack(
  state: RunState,
  place: RunFolder,
): Promise<PinnedRunbook | undefined> {
  const candidates = [keptSource(state.source, place.sources), originalOf(state)].filter(
    (file) => file !== undefined,
  );
  let first: PinnedRunbook | undefined;
  for (const file of candidates) {
    try {
      const { runbook } = await loadRunbook(file);
      if (isPinned(runbook, state)) return { runbook, notice: undefined };
      first ??= { runbook, notice: undefined };
    } catch {
      // The next one, or none: what was recorded suffices for undos that are data.
    }
  }
  return first;
}

function originalOf(state: RunState): string | undefined {
  if (existsSync(state.source.file)) return state.source.file;
  // The program was updated and lies elsewhere now.
  return bundledRunbooks().get(state.runbook);
}

function isPinned(runbook: Runbook, state: RunState): boolean {
  return fingerprintOf(recordNodes(runbook, state.params)) === state.fingerprint;
}

/** A change of text is no change of meaning, or it is found by comparing the graphs; it is only told. */
function textChanged({ files }: LoadedRunbook, state: RunState): string | undefined {
  const changed = Object.entries(files).filter(([file, hash]) => (state.source.files[file] ?? hash) !== hash);
  const names = changed.map(([file]) => file).join(', ');
  return names === '' ? undefined : `edited since the run began: ${names}`;
}
