import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planSampleStore, sampleBytes } from '../../src/rehearsal/sample-store.ts';

const stores = fc.tuple(fc.nat(), fc.integer({ min: 2, max: 120 }));

describe('a sample store', () => {
  it('is the same for the same seed, and another for another', () => {
    fc.assert(
      fc.property(stores, ([seed, count]) => {
        expect(planSampleStore(seed, count)).toEqual(planSampleStore(seed, count));
      }),
      { numRuns: 20 },
    );
    expect(planSampleStore(1, 30)).not.toEqual(planSampleStore(2, 30));
  });

  it('has as many trees as asked for, under legal and different names', () => {
    fc.assert(
      fc.property(stores, ([seed, count]) => {
        const names = planSampleStore(seed, count).map(({ name }) => name);
        expect(new Set(names).size).toBe(count);
        for (const name of names) expect(name).toMatch(/^[A-Za-z0-9+?=_-][A-Za-z0-9+.?=_-]*$/);
      }),
    );
  });

  it('refers to earlier trees only, and mentions what it refers to', () => {
    fc.assert(
      fc.property(stores, ([seed, count]) => {
        const trees = planSampleStore(seed, count);
        for (const [index, { references, entries }] of trees.entries()) {
          const earlier = trees.slice(0, index).map(({ name }) => name);
          expect(earlier).toEqual(expect.arrayContaining([...references]));
          const text = JSON.stringify(entries);
          for (const name of references) expect(text).toContain(`@${name}@`);
        }
      }),
    );
  });

  it('names every folder before what lies in it', () => {
    for (const { entries } of planSampleStore(3, 40)) {
      const seen = new Set(['']);
      for (const { path, kind } of entries) {
        expect(seen).toContain(path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
        if (kind === 'folder') seen.add(path);
      }
    }
  });

  it('holds every odd name, links, empty files and files that are alike', () => {
    const entries = planSampleStore(4, 20).flatMap((tree) => tree.entries);
    const paths = entries.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['-rf', 'line\nbreak', 'naïve — 漢字.txt', 'name with spaces']),
    );
    expect(entries.some(({ kind }) => kind === 'symlink')).toBe(true);
    const contents = entries.flatMap((entry) =>
      entry.kind === 'file' ? [sampleBytes(entry.content).toString('hex')] : [],
    );
    expect(contents).toContain('');
    expect(new Set(contents).size).toBeLessThan(contents.length);
  });
});
