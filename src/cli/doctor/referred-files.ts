import type { JournalEvent } from '../../journal/event.ts';
import { fold } from '../../journal/fold.ts';

export interface ReferredFile {
  readonly path: string;
  readonly sha256: string;
}

/** Files that the outputs of done steps name together with their hash, such as the manifest of a copy. */
export function referredFiles(events: readonly JournalEvent[]): readonly ReferredFile[] {
  if (events[0]?.type !== 'run.started') return [];
  const found = new Map<string, ReferredFile>();
  for (const step of fold(events).steps.values()) {
    // A step that is undone may have taken its files with it.
    if (step.status !== 'done') continue;
    for (const file of filesIn(step.output)) found.set(file.path, file);
  }
  return [...found.values()];
}

function filesIn(value: unknown): readonly ReferredFile[] {
  if (typeof value !== 'object' || value === null) return [];
  const { file, sha256 } = value as { file?: unknown; sha256?: unknown };
  if (typeof file === 'string' && file.startsWith('/') && typeof sha256 === 'string') {
    return [{ path: file, sha256 }];
  }
  return Object.values(value).flatMap(filesIn);
}
