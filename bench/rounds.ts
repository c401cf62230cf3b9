/** Seconds that one contender took, a number a round. */
export interface Timed {
  readonly name: string;
  readonly seconds: readonly number[];
}

export interface Contender {
  readonly name: string;
  /** Does the work once; gives the seconds of the part that counts. */
  readonly run: () => number | Promise<number>;
}

/** Lets all take turns, so that whatever else the machine does falls on each of them. */
export async function takeTurns(contenders: readonly Contender[], rounds: number): Promise<Timed[]> {
  const times = contenders.map(({ name }) => ({ name, seconds: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { run }] of contenders.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time
      times[index]?.seconds.push(await run());
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  return times;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export async function secondsOf(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}
