/** Numbers from 0 up to, and without, 1: the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A new seed each time, or the one in MIGRATE_TEST_SEED; told, so that a failure can be had again. */
export function newSeed(of: string): number {
  const given = process.env['MIGRATE_TEST_SEED'];
  const seed = given === undefined ? Date.now() % 2 ** 31 : Number(given);
  console.log(`${of}: MIGRATE_TEST_SEED=${seed}`);
  return seed;
}
