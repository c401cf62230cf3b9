import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatProgress, percentOf } from '../../src/render/progress.ts';

describe('progress', () => {
  test('tells bytes of the total, the share, the rate and the time left', () => {
    const progress = { doing: 'copying', doneBytes: 12.3e9, totalBytes: 46e9, rate: 310e6, etaMs: 108_000 };
    expect(formatProgress(progress)).toBe('copying 12.3 GB of 46.0 GB · 26% · 310 MB/s · 1m 48s left');
  });

  test('of a copy tells also when it will be verified', () => {
    const progress = { doing: 'copying', etaMs: 60_000, verifiedMs: 180_000 };
    expect(formatProgress(progress)).toBe('copying 1m left · verified in 3m');
  });

  test('tells only what is known', () => {
    expect(formatProgress({ doing: 'verifying' })).toBe('verifying');
    expect(formatProgress({ doing: 'verifying', doneFiles: 1200 })).toBe('verifying 1,200 files');
    expect(formatProgress({ doing: 'verifying', doneFiles: 1, totalFiles: 4 })).toBe(
      'verifying 1 of 4 files · 25%',
    );
  });

  test('is at a hundred percent at its end and never before', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (done, total) => {
        const percent = percentOf(done, total);
        if (total === 0) expect(percent).toBeUndefined();
        else {
          expect(percent).toBeGreaterThanOrEqual(0);
          expect(percent === 100).toBe(done >= total);
        }
      }),
    );
  });
});
