import { groupOf, groups, type CrashCase, type Group } from './case.ts';

/** How the step that was killed was settled; `none` when there was no doubt. */
export type Settling = 'none' | 'probe' | 'idempotent' | 'person';

export interface CaseResult {
  readonly case: CrashCase;
  /**
   * `held`: nobody but a person could tell how far it came, so nothing was done, and the rehearsal asks
   * no person; `unreached`: the place was not passed this time, so that nothing is shown.
   */
  readonly verdict: 'survived' | 'held' | 'unreached' | 'failed';
  readonly settled: Settling;
  readonly why: string | undefined;
  readonly differences: readonly string[];
}

export interface CoverageRow {
  readonly point: Group;
  readonly cases: number;
  readonly survived: number;
  readonly held: number;
  readonly unreached: number;
  readonly failed: number;
  readonly settled: Readonly<Record<Settling, number>>;
}

/** A row for each group that was tried, in the order of a run. */
export function coverageOf(results: readonly CaseResult[]): readonly CoverageRow[] {
  return groups.flatMap((point) => {
    const those = results.filter((result) => groupOf(result.case) === point);
    if (those.length === 0) return [];
    const verdicts = (verdict: CaseResult['verdict']) =>
      those.filter((result) => result.verdict === verdict).length;
    const settled = (by: Settling) => those.filter((result) => result.settled === by).length;
    return [
      {
        point,
        cases: those.length,
        survived: verdicts('survived'),
        held: verdicts('held'),
        unreached: verdicts('unreached'),
        failed: verdicts('failed'),
        settled: {
          none: settled('none'),
          probe: settled('probe'),
          idempotent: settled('idempotent'),
          person: settled('person'),
        },
      },
    ];
  });
}
