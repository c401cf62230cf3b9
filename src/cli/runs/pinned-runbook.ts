import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mustBeSameRunbook, type Pin } from '../../engine/index.ts';
import { bundledRunbooks, keepSources, loadRunbook, type LoadedRunbook } from '../../host/runbook-file.ts';
import { demandOwnRun } from '../../host/own-folder.ts';
import type { RunFolder } from '../../host/runs.ts';
import type { EventOf } from '../../journal/event.ts';
import type { RunState } from '../../journal/state.ts';
import type { Node, Runbook } from '../../runbook/index.ts';
import type { KnownRun } from './known-run.ts';
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
 * @throws UsageError when neither can be loaded; StateError when others could have written the run's state
 */
export async function runbookToResume(state: RunState, place: RunFolder): Promise<PinnedRunbook> {
  await demandOwnRun(place);
  const versions = await keptVersions(place);
  const original = originalOf(state);
  if (original === undefined) {
    const latest = versions.findLast(({ kept }) => kept !== undefined);
    const { runbook } = await loadRunbook((latest && keptFile(latest)) ?? state.source.file);
    return { runbook, notice: `${state.source.file} is gone, so the run's own copy is used` };
  }
  const loaded = await loadRunbook(original);
  const edited = editedSince(loaded, versions);
  const pin: Pin = {
    source: { file: loaded.file, files: { ...loaded.files } },
    edited,
    async keep(fingerprint) {
      // Two texts may mean the same, and each has steps that are undone by it.
      const name = `${fingerprint}.${digestOf(loaded)}`;
      await keepSources(loaded, `${place.sources}.${name}`);
      return name;
    },
  };
  const notice = edited.length === 0 ? undefined : `edited since the run began: ${edited.join(', ')}`;
  return { runbook: loaded.runbook, notice, pin };
}

/**
 * The runbook as the run knows it, for undos that are code: each step as it was when it began, whatever
 * was edited since. `undefined` when nothing can be had any more, and then those undos alone cannot run.
 */
export async function runbookToRollBack(
  state: RunState,
  place: RunFolder,
): Promise<PinnedRunbook | undefined> {
  await demandOwnRun(place);
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
  const nodesOf = new Map(
    [...loaded.values()].map((runbook) => [runbook, new Map(runbook.nodes.map((node) => [node.id, node]))]),
  );
  const latestFirst = [...loaded.values()].toReversed();
  const nodes = [...state.nodes, ...state.removed].flatMap(({ id }): Node[] => {
    const own = loaded.get(versionOfStep(versions, state, id));
    const candidates = own === undefined ? latestFirst : [own, ...latestFirst];
    const node = candidates.map((runbook) => nodesOf.get(runbook)?.get(id)).find(Boolean);
    return node === undefined ? [] : [node];
  });
  return { runbook: { ...latest, nodes }, notice: undefined };
}

/** A runbook by whose code steps are undone, whatever code they began with. */
export interface MendedRunbook {
  readonly runbook: Runbook;
  /** Keeps a copy of its sources, durably; gives what the journal is to say of them. */
  readonly keep: () => Promise<NonNullable<EventOf<'rollback.started'>['code']>>;
}

/**
 * A runbook that somebody mended since the run began, for undos whose code fails. Of steps that it does
 * not have, the run's own copies tell.
 * @throws UsageError `runbook.other`, and what makes a file no runbook
 */
export async function mendedRunbook(file: string, { state, place }: KnownRun): Promise<MendedRunbook> {
  const loaded = await loadRunbook(file);
  mustBeSameRunbook(state, loaded.runbook);
  const own = (await runbookToRollBack(state, place))?.runbook.nodes ?? [];
  const has = new Set(loaded.runbook.nodes.map(({ id }) => id));
  const nodes = [...loaded.runbook.nodes, ...own.filter(({ id }) => !has.has(id))];
  return {
    runbook: { ...loaded.runbook, nodes },
    async keep() {
      await keepSources(loaded, `${place.sources}.undo.${digestOf(loaded)}`);
      return { file: loaded.file, files: { ...loaded.files } };
    },
  };
}

function originalOf(state: RunState): string | undefined {
  if (existsSync(state.source.file)) return state.source.file;
  // The program was updated and lies elsewhere now.
  return bundledRunbooks().get(state.runbook);
}

/** A change of text is no change of meaning, or it is found by comparing the graphs; it is only told. */
function editedSince({ files }: LoadedRunbook, versions: readonly Version[]): readonly string[] {
  const pinned = versions.findLast(({ kept }) => kept !== undefined)?.kept?.source.files ?? {};
  return Object.entries(files)
    .filter(([file, hash]) => (pinned[file] ?? hash) !== hash)
    .map(([file]) => file);
}

function digestOf({ files }: LoadedRunbook): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 8);
}
