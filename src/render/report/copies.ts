import { z } from 'zod';
import type { JournalEvent, RecordedNode } from '../../journal/event.ts';
import type { ReportCopy } from '../documents/report.ts';

/** What operations that move data give to the steps after them, in the names that they share. */
const output = z.object({
  bytes: z.number().nullable().optional(),
  files: z.number().optional(),
  transferredBytes: z.number().optional(),
  transferredFiles: z.number().optional(),
  manifest: z
    .union([
      z.string(),
      z.object({ file: z.string(), sha256: z.string(), bytes: z.number(), files: z.number() }),
    ])
    .optional(),
  snapshot: z.string().optional(),
  path: z.string().optional(),
  entries: z.number().nullable().optional(),
});
type Output = z.infer<typeof output>;

export interface Moved {
  readonly bytes: number | undefined;
  readonly rows: readonly ReportCopy[];
}

const sha256 = /^[0-9a-f]{64}$/;

/** What each step has moved, with the hashes by which it can be known again; of its latest success. */
export function movedBy(
  events: readonly JournalEvent[],
  nodes: readonly RecordedNode[],
): ReadonlyMap<string, Moved> {
  const steps = new Set(nodes.filter(({ kind }) => kind === 'step').map(({ id }) => id));
  const moved = new Map<string, Moved>();
  for (const event of events) {
    if (event.type !== 'step.completed' || !steps.has(event.step)) continue;
    const given = output.safeParse(event.output).data;
    const rows = given === undefined ? [] : rowsOf(event.step, given);
    if (rows.length > 0) moved.set(event.step, { bytes: rows[0]?.bytes, rows });
  }
  return moved;
}

function rowsOf(step: string, given: Output): ReportCopy[] {
  const { manifest, snapshot } = given;
  const row = (what: string, more: Omit<ReportCopy, 'step' | 'what'>): ReportCopy => ({
    step,
    what,
    ...(Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) as typeof more),
  });
  const count = { bytes: given.bytes ?? undefined, files: given.files } as { bytes: number; files: number };
  if (given.transferredBytes !== undefined) {
    const [bytes, files] = [given.transferredBytes, given.transferredFiles ?? 0];
    const copied = row('copied', { bytes, files });
    if (typeof manifest !== 'object') return [copied];
    const { file, sha256: hash, ...all } = manifest;
    return [copied, row('holds, by its manifest', { ...all, manifest: file, sha256: hash })];
  }
  if (typeof manifest === 'string' && sha256.test(manifest))
    return [row('verified against the manifest', { ...count, sha256: manifest })];
  if (typeof manifest === 'object')
    return [
      row('holds, by its manifest', {
        bytes: manifest.bytes,
        files: manifest.files,
        manifest: manifest.file,
        sha256: manifest.sha256,
      }),
    ];
  if (snapshot !== undefined) return [row('backed up', { ...count, snapshot })];
  if (given.entries !== undefined && given.path !== undefined) return [row('removed', count)];
  return [];
}
