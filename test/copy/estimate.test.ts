import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readsDirectly } from '../../src/copy/content-check.ts';
import { readingTime, timeFor } from '../../src/copy/estimate.ts';
import { takeInventory } from '../../src/copy/inventory-take.ts';
import { temporaryFolder } from './folder.ts';

const now = () => performance.now();

async function estimate(files: number, size: number, patienceMs?: number): Promise<number | undefined> {
  const folder = join(temporaryFolder(), 'tree');
  mkdirSync(folder);
  for (let index = 0; index < files; index += 1) {
    writeFileSync(join(folder, `file-${index}`), '');
    truncateSync(join(folder, `file-${index}`), size);
  }
  const inventory = await takeInventory(folder, { to: folder, exclude: new Set() });
  return readingTime(folder, inventory, inventory.totals, { now, patienceMs });
}

test('how long a large tree takes is told within seconds, and of a small one nothing is said', async () => {
  if (readsDirectly(tmpdir())) {
    let large: number | undefined;
    // A machine that is busy may have read nothing when it is to stop.
    for (let patienceMs = 1_500; large === undefined && patienceMs < 100_000; patienceMs *= 4)
      large = await estimate(7, 2 ** 31, patienceMs);
    expect(large).toBeGreaterThan(0);
  }
  expect(await estimate(20, 1_000)).toBeUndefined();
});

test('an estimate is in proportion to the work, and none without a measurement', () => {
  const ms = fc.integer({ min: 1, max: 10_000 });
  const work = fc.integer({ min: 1, max: 1e12 });
  fc.assert(
    fc.property(work, ms, fc.integer({ min: 1, max: 1_000 }), (done, took, times) => {
      expect(timeFor(done * times, done, took)).toBe(took * times);
    }),
  );
  expect(timeFor(100, 0, 10)).toBeUndefined();
  expect(timeFor(100, 10, 0)).toBeUndefined();
});
