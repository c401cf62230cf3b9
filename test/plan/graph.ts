import fc from 'fast-check';
import type { RecordedNode } from '../../src/journal/event.ts';

export interface Graph {
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

/** A graph in page order: each step needs some of those before it. */
export const anyGraph: fc.Arbitrary<Graph> = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc
    .tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc.subarray(
          Array.from({ length: index }, (_unused, before) => `s${before}`),
          { maxLength: Math.min(3, index) },
        ),
      ),
    )
    .map((all) => ({ needs: new Map(all.map((needs, index) => [`s${index}`, needs])) })),
);

export function recorded(
  id: string,
  needs: readonly string[],
  more: Partial<RecordedNode> = {},
): RecordedNode {
  return {
    id,
    kind: 'step',
    title: id,
    needs: [...needs],
    reversal: 'undo',
    effective: 'now',
    fingerprint: id,
    ...more,
  };
}

/** A generator of numbers that gives the same for the same seed, each from 0 up to less than 1. */
export function seeded(seed: number): () => number {
  let state = Math.abs(seed) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
