import { join } from 'node:path';
import { z } from 'zod';
import { systemFiles } from '../../host/files.ts';
import type { RunFolder } from '../../host/runs.ts';
import { resultDocument, type ResultDocument } from '../../render/documents/result.ts';

/** What the last process at a run came to, and after which event; no truth about the run, and no loss when it is lost. */
const lastResult = z.object({ lastSeq: z.number().int(), result: resultDocument });

/** Keeps what this process has come to for those who follow the run from elsewhere. */
export async function keepResult(place: RunFolder, lastSeq: number, result: ResultDocument): Promise<void> {
  try {
    const text = `${JSON.stringify({ lastSeq, result })}\n`;
    await systemFiles.replace(fileOf(place), text, { mode: 0o600 });
  } catch {
    // The disk may be full. Whoever follows is told less.
  }
}

/** The result after an event, when it is about that one and not about an earlier end. */
export async function resultAfter(place: RunFolder, lastSeq: number): Promise<ResultDocument | undefined> {
  try {
    const found = lastResult.safeParse(JSON.parse((await systemFiles.read(fileOf(place))) ?? 'null'));
    return found.success && found.data.lastSeq === lastSeq ? found.data.result : undefined;
  } catch {
    return undefined;
  }
}

function fileOf(place: RunFolder): string {
  return join(place.folder, 'result.json');
}
