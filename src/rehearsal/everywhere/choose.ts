import { groupOf, type CrashCase, type Group } from './case.ts';

export interface Choice {
  /** Every case of these groups; with neither this nor `sample`, every case. */
  readonly points?: readonly Group[] | undefined;
  /** Besides, this many of the others. */
  readonly sample?: number | undefined;
}

/** What is tried, in the order given. */
export function chooseCases(
  cases: readonly CrashCase[],
  { points, sample }: Choice,
  random: () => number,
): readonly CrashCase[] {
  if (points === undefined && sample === undefined) return cases;
  const wanted = new Set(cases.filter((one) => points?.includes(groupOf(one)) === true));
  const others = cases.filter((one) => !wanted.has(one));
  for (let left = sample ?? 0; left > 0 && others.length > 0; left -= 1) {
    const [drawn] = others.splice(Math.floor(random() * others.length), 1);
    if (drawn !== undefined) wanted.add(drawn);
  }
  return cases.filter((one) => wanted.has(one));
}
