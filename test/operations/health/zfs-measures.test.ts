import { expect, test } from 'vitest';
import {
  checkOf,
  poolCapacity,
  propertyDrift,
  snapshotAge,
  snapshotLag,
} from '../../../src/operations/index.ts';

/** A machine on which ZFS does not answer. */
const without = {
  host: {
    exec: async () => ({ stdout: '', stderr: 'The ZFS modules are not loaded.', exitCode: 1 }),
    clock: { now: () => ({ wall: 0, boottime: 0, monotonic: 0 }) },
  },
  params: { pool: 'tank' },
  signal: new AbortController().signal,
} as never;

test.each([
  poolCapacity({ pool: 'tank' }),
  poolCapacity<{ pool: string }, unknown>(({ params }) => ({ pool: params.pool })),
  snapshotAge({ dataset: 'tank/sonarr' }),
  propertyDrift({ dataset: 'tank/sonarr', properties: { compression: 'lz4' } }),
  snapshotLag({ from: 'tank/sonarr', to: 'backup/sonarr' }),
])('$name is BLOCKED where ZFS does not answer, and never PASS', async (measure) => {
  const finding = await checkOf(measure).run(without);
  expect(finding.verdict).toBe('BLOCKED');
  expect(finding.observed).toContain('cannot be measured');
});

test('limits of one’s own take the place of those of the plan', () => {
  expect(checkOf(poolCapacity({ pool: 'tank' })).expect).toBe(
    'capacity of the pool: at most 80 %; critical above 90 %',
  );
  expect(checkOf(poolCapacity({ pool: 'tank' }, { unit: '%', critical: 70 })).expect).toBe(
    'capacity of the pool: at most 70 %',
  );
});
