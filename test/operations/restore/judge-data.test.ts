import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeData, type SeenData } from '../../../src/operations/restore/judge-data.ts';

const whole: SeenData = {
  mount: { is: 'dataset', guid: '7' },
  names: ['config.xml', 'sonarr.db'],
  missing: [],
  wanted: 2,
  databases: [{ file: 'sonarr.db', is: 'sound', said: 'ok' }],
};
const stateOf = (changes: Partial<SeenData>) => judgeData({ ...whole, ...changes }).state;

test('data that is mounted, complete and sound is present', () => {
  expect(stateOf({})).toBe('present');
  expect(stateOf({ mount: { is: 'folder' } })).toBe('present');
});

test('an empty folder on a mounted dataset, and a dataset that its pool does not know, are absent', () => {
  expect(stateOf({ names: [], missing: ['a', 'b'] })).toBe('absent');
  expect(stateOf({ names: ['lost+found'], missing: ['a', 'b'] })).toBe('absent');
  expect(stateOf({ mount: { is: 'no-dataset', what: 'gone' }, names: undefined })).toBe('absent');
  expect(stateOf({ mount: { is: 'no-dataset', what: 'gone' }, names: [] })).toBe('absent');
});

test('what cannot be seen is never taken for absent', () => {
  expect(stateOf({ mount: { is: 'not-mounted', what: 'x' }, names: [], missing: ['a', 'b'] })).toBe(
    'unknown',
  );
  expect(stateOf({ mount: { is: 'no-pool', what: 'x' }, names: undefined })).toBe('unknown');
  expect(stateOf({ databases: [{ file: 'a.db', is: 'unreadable', said: 'busy' }] })).toBe('unknown');
});

test('files beneath the mount point of a lost dataset are not covered by a new one', () => {
  const { state, why } = judgeData({ ...whole, mount: { is: 'no-dataset', what: 'gone' } });
  expect(state).toBe('unknown');
  expect(why).toContain('config.xml');
});

test('a restore that was broken off is no data, and data with a damaged database is not replaced', () => {
  expect(stateOf({ names: ['logs'], missing: ['config.xml', 'sonarr.db'] })).toBe('partial');
  expect(stateOf({ missing: ['config.xml'] })).toBe('damaged');
  expect(stateOf({ databases: [{ file: 'a.db', is: 'damaged', said: 'malformed' }] })).toBe('damaged');
  expect(stateOf({ owner: 'it belongs to 3:3' })).toBe('damaged');
});

test('whatever is seen, only what is certainly not there may be restored over', () => {
  const seen: fc.Arbitrary<SeenData> = fc
    .record({
      mount: fc.constantFrom<SeenData['mount']>(
        { is: 'folder' },
        { is: 'dataset', guid: '1' },
        { is: 'no-dataset', what: 'gone' },
        { is: 'no-pool', what: 'away' },
        { is: 'not-mounted', what: 'away' },
      ),
      names: fc.option(fc.array(fc.constantFrom('a', 'b', 'lost+found')), { nil: undefined }),
      lacks: fc.integer({ min: 0, max: 2 }),
      databases: fc.array(
        fc.record({
          file: fc.constant('a'),
          is: fc.constantFrom<'sound' | 'damaged' | 'unreadable'>('sound', 'damaged', 'unreadable'),
          said: fc.string(),
        }),
      ),
    })
    .map(({ lacks, ...rest }) => ({ ...rest, wanted: 2, missing: ['a', 'b'].slice(0, lacks) }));
  fc.assert(
    fc.property(seen, (one) => {
      const { state } = judgeData(one);
      const visible = ['folder', 'dataset'].includes(one.mount.is);
      const files = (one.names ?? []).filter((name) => name !== 'lost+found');
      if (state === 'absent') expect(files).toEqual([]);
      if (state === 'partial') expect(one.missing).toHaveLength(2);
      if (state === 'present') {
        expect(visible && one.missing.length === 0).toBe(true);
        expect(one.databases.every(({ is }) => is === 'sound')).toBe(true);
      }
      if (['absent', 'partial'].includes(state))
        expect(['no-pool', 'not-mounted']).not.toContain(one.mount.is);
    }),
  );
});
