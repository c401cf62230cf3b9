import { existsSync } from 'node:fs';
import type { Pin } from '../engine/index.ts';
import { bundledRunbooks, keepSources, loadRunbook, type LoadedRunbook } from '../host/runbook-file.ts';
import type { RunFolder } from '../host/runs.ts';
import type { RunState } from '../journal/state.ts';
import type { Node, Runbook } from '../runbook/index.ts';
import { keptFile, keptVersions, versionOfStep, type Version } from './kept-versions.ts';

export interface PinnedRunbook {
  readonly runbook: Runbook;
  /** Something that the operator should know of where it came from. */
  readonly notice: string | undefined;
  /** Its sources, when they are not the run's own copy. */
  readonly pin?: Pin;
}

/**
 * The runbook with which a run goes on: the file that it was begun with, edited or not; the run's own
 * copy when that is gone.
 * @throws UsageError when neither can be loaded
 */
export async function runbookToResume(state: RunState, place: RunFolder): Promise<PinnedRunbook> {
  const versions = await keptVersions(place);
  const original = originalOf(state);
  if (original === undefined) {
    const latest = versions.findLast(({ kept }) => kept !== undefined);
    const { runbook } = await loadRunbook((latest && keptFile(latest)) ?? state.source.file);
    return { runbook, notice: `${state.source.file} is gone, so the run's own copy is used` };
  }
  const loaded = await loadRunbook(original);
  const pin: Pin = {
    source: { file: loaded.file, files: { ...loaded.files } },
    keep: (fingerprint) => keepSources(loaded, `${place.sources}.${fingerprint}`),
  };
  return { runbook: loaded.runbook, notice: textChanged(loaded, versions), pin };
}

/**
 * The runbook as the run knows it, for undos that are code: each step as it was when it began, whatever
 * was edited since. `undefined` when nothing can be had any more, and then those undos alone cannot run.
 */
export async function runbookToRollBack(
  state: RunState,
  place: RunFolder,
): Promise<PinnedRunbook | undefined> {
  const loaded = new Map<Version | undefined, Runbook>();
  const versions = await keptVersions(place);
  for (const version of [...versions, undefined]) {
    const file = (version && keptFile(version)) ?? originalOf(state);
    if (file === undefined) continue;
    try {
      loaded.set(version, (await loadRunbook(file)).runbook);
    } catch {
      // The next one, or none: what was recorded suffices for undos that are data.
    }
  }
  const latest = [...loaded.values()].at(-1);
  if (latest === undefined) return undefined;
  const nodes = [...state.nodes, ...state.removed].flatMap(({ id }): Node[] => {
    const own = loaded.get(versionOfStep(versions, state, id));
    const candidates = [own, ...[...loaded.values()].toReversed()];
    const node = candidates.map((runbook) => runbook?.nodes.find((each) => each.id === id)).find(Boolean);
    return node === undefined ? [] : [node];
  });
  return { runbook: { ...latest, nodes }, notice: undefined };
}

function originalOf(state: RunState): string | undefined {
  if (existsSync(state.source.file)) return state.source.file;
  // The program was updated and lies elsewhere now.
  return bundledRunbooks().get(state.runbook);
}

/** A change of text is no change of meaning, or it is found by comparing the graphs; it is only told. */
function textChanged({ files }: LoadedRunbook, versions: readonly Version[]): string | undefined {
  const pinned = versions.findLast(({ kept }) => kept !== undefined)?.kept?.source.files ?? {};
  const changed = Object.entries(files).filter(([file, hash]) => (pinned[file] ?? hash) !== hash);
  const names = changed.map(([file]) => file).join(', ');
  return names === '' ? undefined : `edited since the run began: ${names}`;
}
