import { z } from 'zod';

/** Where data may come back from, best first. */
export const sourceKinds = ['snapshot', 'replica', 'restic', 's3'] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** One rung of the ladder, as it went. */
export const restoreAttempt = z.object({
  source: z.enum(sourceKinds),
  /** `none`: proven that it holds nothing of this service. `failed`: anything else that gave no data. */
  outcome: z.enum(['staged', 'none', 'failed']),
  detail: z.string(),
  ms: z.number(),
});
export type RestoreAttempt = z.output<typeof restoreAttempt>;

export type LadderEnd =
  | { readonly is: 'staged'; readonly source: SourceKind }
  /** Proven for every source that was given. */
  | { readonly is: 'nothing-anywhere' }
  | { readonly is: 'failed'; readonly why: string };

/** What a climb has come to. That nothing exists is believed only when every source has proven it. */
export function concludeLadder(attempts: readonly RestoreAttempt[]): LadderEnd {
  const staged = attempts.find(({ outcome }) => outcome === 'staged');
  if (staged !== undefined) return { is: 'staged', source: staged.source };
  const failed = attempts.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0) return { is: 'failed', why: failed.map(shown).join('; ') };
  if (attempts.length > 0) return { is: 'nothing-anywhere' };
  return { is: 'failed', why: 'no source was asked' };
}

function shown({ source, detail }: RestoreAttempt): string {
  return `${source}: ${detail}`;
}
