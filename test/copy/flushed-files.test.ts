import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCopiedFiles } from '../../src/copy/copy-log-read.ts';
import { CopyLog } from '../../src/copy/copy-log-write.ts';
import { FlushedFiles } from '../../src/copy/flushed-files.ts';
import { Inventory } from '../../src/copy/inventory.ts';
import { compareTrees } from './compare-trees.ts';
import { engines, passOf } from './engines.ts';
import { temporaryFolder } from './folder.ts';
import { localMachine } from './local-machine.ts';

const wholeSecond = 1_700_000_000;

/** A source of so many files and an empty target. */
function trees(files: number, bytes = 10) {
  const folder = temporaryFolder();
  const [from, to, manifest] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'manifest')];
  for (const path of [from, to]) mkdirSync(path);
  for (let number = 0; number < files; number += 1) {
    const file = join(from, `file-${number}`);
    writeFileSync(file, Buffer.alloc(bytes, `${number} `));
    utimesSync(file, wholeSecond, wholeSecond);
  }
  return { from, to, manifest };
}

/** Until a new file's change time is later than now: it is that of the last tick, up to 10 ms ago. */
function untilNextTick(folder: string): void {
  const now = BigInt(Date.now() + 1) * 1_000_000n;
  const file = join(folder, '.tick');
  do writeFileSync(file, '');
  while (lstatSync(file, { bigint: true }).ctimeNs < now);
}

test('a flush covers what this pass put under its own name with its size and time, and what came before that', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }), (steps) => {
      const { from, to } = trees(12);
      // From before the pass, and alike: a file that changed since the source was looked at, and is replaced.
      for (const file of ['file-5', 'file-11']) copyFileSync(join(from, file), join(to, file));
      for (const file of ['file-5', 'file-11']) utimesSync(join(to, file), wholeSecond, wholeSecond);
      untilNextTick(to);
      const inventory = new Inventory();
      const flushed = new FlushedFiles(to, inventory);
      for (let slot = 0; slot < 12; slot += 1) {
        inventory.add(`file-${slot}`, lstatSync(join(from, `file-${slot}`), { bigint: true }));
        flushed.copied(`file-${slot}`, slot);
      }
      untilNextTick(to);
      let written = 0;
      for (const step of steps) {
        for (let count = 0; count < step && written < 12; count += 1) {
          const [half, whole] = [join(to, '.half'), join(to, `file-${written}`)];
          writeFileSync(half, readFileSync(join(from, `file-${written}`)));
          utimesSync(half, wholeSecond, wholeSecond);
          renameSync(half, whole);
          written += 1;
        }
        // The next one stands there as it was before, of another time.
        if (written < 12) writeFileSync(join(to, `file-${written}`), Buffer.alloc(10));
        expect(flushed.arrived()).toBe(written);
      }
    }),
    { numRuns: 20 },
  );
});

test('a log vouches for as many files of a pass as its last flush covered, and for all once the pass is synced', () => {
  const identity = { path: '/tree', device: '1:1', inode: '2' };
  const mark = fc.oneof(fc.constant('file'), fc.constant('pass'), fc.constant('synced'), fc.nat(5));
  fc.assert(
    fc.property(fc.array(mark, { maxLength: 30 }), (marks) => {
      const file = join(temporaryFolder(), 'log');
      const log = new CopyLog(file, { owner: 'run-1', source: identity, target: identity });
      const expected: boolean[] = [];
      let begin = 0;
      log.beginPass('warm');
      for (const one of marks) {
        if (one === 'file') {
          const path = `file-${expected.length}`;
          log.add({ path, hash: 'a'.repeat(32), inode: 1n, ctimeNs: 1n, size: 1 }, 0);
          expected.push(false);
        } else if (one === 'pass') {
          log.beginPass('warm');
          begin = expected.length;
        } else if (one === 'synced') {
          log.synced();
          expected.fill(true, begin);
        } else {
          const covered = Math.min(one, expected.length - begin);
          log.flushed(covered);
          // Of marks in one pass, the last one counts.
          expected.fill(false, begin).fill(true, begin, begin + covered);
        }
      }
      log.sync();
      log.close();
      const read: boolean[] = [];
      readCopiedFiles(file, (_, synced) => read.push(synced));
      expect(read).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('what was flushed before rsync was killed is not read again', { timeout: 60_000 }, async () => {
  const places = trees(60, 20_000);
  const [engine] = engines;
  if (engine === undefined) throw new Error('no engine');
  let kill = () => {};
  const { flush } = localMachine();
  const machine = localMachine({
    onLine: (_, killGroup) => {
      kill = killGroup;
    },
    flush: async (...given) => {
      await flush(...given);
      // What it covered is noted right after it, which the next one may be sure of.
      if (readFileSync(`${places.manifest}.copylog`, 'utf8').includes('"flushed"')) kill();
    },
  });
  await expect(passOf(engine, 'final', places, machine, { bandwidth: 400 })).rejects.toThrow();
  const log = readFileSync(`${places.manifest}.copylog`, 'utf8');
  const flushed = Math.max(...[...log.matchAll(/"flushed":(\d+)/g)].map(([, count]) => Number(count)));
  const copied = log.split('\n').filter((line) => line.includes('"hash"')).length;
  expect(flushed).toBeGreaterThan(0);
  const { readAgain, transferredFiles, mended } = await passOf(engine, 'final', places);
  expect(mended).toBe(0);
  expect(readAgain).toBeLessThanOrEqual(copied - flushed);
  expect(transferredFiles).toBeGreaterThan(0);
  expect(await compareTrees(places.from, places.to)).toEqual([]);
});
