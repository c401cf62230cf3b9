import type { Need } from './entry.ts';

/** Something that would be lost with the root file system. */
export interface MissingPath {
  readonly path: string;
  readonly need: Need;
  readonly why: string;
  readonly bytes?: number | undefined;
}

/** What a question about completeness came to. */
export interface CompletenessFinding {
  readonly id: string;
  readonly title: string;
  readonly verdict: 'PASS' | 'PARTIAL' | 'FAIL' | 'BLOCKED';
  readonly observed: string;
  readonly missing: readonly MissingPath[];
}
