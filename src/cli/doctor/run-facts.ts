import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openManifest } from '../../copy/index.ts';
import { messageOf } from '../../errors.ts';
import { readBoot } from '../../host/boot.ts';
import type { RunClaims } from '../../host/claims.ts';
import { systemFiles } from '../../host/files.ts';
import { readScan } from '../../host/journal-file.ts';
import { lookAtLock, type LockSeen } from '../../host/lock.ts';
import { findOrphans, type Orphan } from '../../host/orphans.ts';
import { recordedCommands } from '../../host/recorded-commands.ts';
import { keptSources } from '../../host/runbook-file.ts';
import type { RunFolder } from '../../host/runs.ts';
import type { JournalEvent } from '../../journal/event.ts';
import { fold } from '../../journal/fold.ts';
import type { Scan } from '../../journal/read.ts';
import type { RunState } from '../../journal/state.ts';
import { referredFiles } from './referred-files.ts';

/** A file that the journal refers to, and whether it is still what it was. */
export interface FileFact {
  readonly path: string;
  readonly is: 'as-recorded' | 'missing' | 'different';
}

/** What can be seen of one run without changing or running anything. */
export interface RunFacts {
  readonly place: RunFolder;
  /** An error's text when the journal cannot be read at all. */
  readonly journal: Scan | { readonly unreadable: string };
  readonly events: readonly JournalEvent[];
  readonly state: RunState | undefined;
  readonly lock: LockSeen | undefined | { readonly unreadable: string };
  /** Children of earlier attempts; empty while a process works on the run. */
  readonly orphans: readonly Orphan[];
  readonly claims: RunClaims | undefined;
  readonly sources: readonly FileFact[];
  readonly files: readonly FileFact[];
  readonly hasUndoScript: boolean;
  /** Somebody ran it, and no process has looked at what it did. */
  readonly undoneByScript: boolean;
}

/** @param claims what all runs on this machine hold */
export async function runFacts(place: RunFolder, claims: readonly RunClaims[]): Promise<RunFacts> {
  const lock = await orWhy(() => lookAtLock(place.folder));
  const journal = await orWhy(() => readScan(place.journal));
  const events = 'unreadable' in journal ? [] : journal.events;
  const state = events[0]?.type === 'run.started' ? fold(events) : undefined;
  const works = lock !== undefined && 'standing' in lock && lock.standing === 'alive';
  return {
    place,
    journal,
    events,
    state,
    lock,
    orphans: works
      ? []
      : findOrphans(
          place.id,
          recordedCommands(events, await readBoot()).map(({ process }) => process),
        ),
    claims: claims.find(({ run }) => run === place.id),
    sources: await sourceFacts(place, events),
    files: await Promise.all(referredFiles(events).map(({ path, sha256 }) => outputFact(path, sha256))),
    hasUndoScript: (await systemFiles.stat(join(place.folder, 'undo.sh')))?.kind === 'file',
    undoneByScript: (await systemFiles.stat(join(place.folder, 'undo.done'))) !== undefined,
  };
}

async function orWhy<Value>(look: () => Promise<Value>): Promise<Value | { unreadable: string }> {
  try {
    return await look();
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}

/** The run's own copies of the runbook: the first, and those of accepted edits. */
async function sourceFacts(place: RunFolder, events: readonly JournalEvent[]): Promise<FileFact[]> {
  const kept = events.flatMap((event) => {
    if (event.type === 'run.started') return keptSources(event.source, place.sources);
    if (event.type !== 'run.changed' || event.source === undefined) return [];
    return keptSources(event.source, `${place.sources}.${event.kept ?? event.fingerprint}`);
  });
  const unique = [...new Map(kept.map((each) => [each.path, each])).values()];
  const facts = await Promise.all(unique.map(({ path, sha256 }) => fileFact(path, sha256)));
  return facts.map((fact) => ({ ...fact, path: relative(place.folder, fact.path) }));
}

/** A file by its hash, or a manifest by the digest that it bears itself. */
async function outputFact(path: string, sha256: string): Promise<FileFact> {
  const fact = await fileFact(path, sha256);
  if (fact.is !== 'different') return fact;
  try {
    openManifest(path, sha256);
    return { path, is: 'as-recorded' };
  } catch {
    return fact;
  }
}

async function fileFact(path: string, sha256: string): Promise<FileFact> {
  const stat = await systemFiles.stat(path).catch(() => undefined);
  if (stat?.kind !== 'file') return { path, is: 'missing' };
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    return { path: `${path} (${messageOf(error)})`, is: 'different' };
  }
  return { path, is: hash.digest('hex') === sha256 ? 'as-recorded' : 'different' };
}
