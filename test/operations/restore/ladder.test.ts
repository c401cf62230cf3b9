import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  concludeLadder,
  sourceKinds,
  type RestoreAttempt,
} from '../../../src/operations/restore/attempts.ts';
import { chooseSnapshots } from '../../../src/operations/restore/choose-snapshots.ts';
import {
  listingDifferences,
  parseFound,
  parseResticListing,
  type Listed,
} from '../../../src/operations/restore/listing.ts';

const attempt = fc.record({
  source: fc.constantFrom(...sourceKinds),
  outcome: fc.constantFrom<RestoreAttempt['outcome']>('staged', 'none', 'failed'),
  detail: fc.string(),
  ms: fc.nat(),
});

test('nothing is said to exist nowhere unless every source has proven it', () => {
  fc.assert(
    fc.property(fc.array(attempt), (attempts) => {
      const end = concludeLadder(attempts);
      const outcomes = attempts.map(({ outcome }) => outcome);
      expect(end.is === 'staged').toBe(outcomes.includes('staged'));
      expect(end.is === 'nothing-anywhere').toBe(
        outcomes.length > 0 && outcomes.every((outcome) => outcome === 'none'),
      );
    }),
  );
});

const snapshot = (changes: object) => ({
  id: 'a'.repeat(64),
  time: '2026-01-01T00:00:00Z',
  paths: ['/persist/sonarr'],
  hostname: 'forge',
  tags: ['sonarr'],
  ...changes,
});

test('snapshots of another machine, service or folder are never candidates', () => {
  const all = [
    snapshot({ id: 'old', time: '2026-01-01T00:00:00+02:00' }),
    snapshot({ id: 'new', time: '2026-01-02T00:00:00Z' }),
    snapshot({ id: 'radarr', paths: ['/persist/radarr'] }),
    snapshot({ id: 'neighbour', paths: ['/persist/sonarr2'] }),
    snapshot({ id: 'other-host', hostname: 'luna' }),
    snapshot({ id: 'untagged', tags: null }),
    snapshot({ id: 'parent', paths: ['/persist'], time: '2025-01-01T00:00:00Z' }),
  ];
  const { candidates, others } = chooseSnapshots(all, {
    host: 'forge',
    path: '/persist/sonarr',
    tags: ['sonarr'],
  });
  expect(candidates.map(({ id }) => id)).toEqual(['new', 'old', 'parent']);
  expect(others.map(({ id }) => id).toSorted()).toEqual(['other-host', 'untagged']);
});

const listed = fc.record({
  path: fc.constantFrom('', 'a', 'a/b', 'c'),
  type: fc.constantFrom<Listed['type']>('file', 'dir', 'symlink'),
  size: fc.nat(3),
  mode: fc.constantFrom(0o644, 0o755),
  uid: fc.nat(1),
  gid: fc.nat(1),
});

test('a tree equals its listing only when every name agrees in type, size, mode and owner, both ways', () => {
  const tree = fc.uniqueArray(listed, { selector: ({ path }) => path });
  fc.assert(
    fc.property(tree, tree, (wanted, found) => {
      const plain = (entries: readonly Listed[]) =>
        entries
          .map(({ path, type, size, mode, uid, gid }) =>
            [path, type, type === 'file' ? size : 0, type === 'symlink' ? 0 : mode, uid, gid].join('|'),
          )
          .toSorted();
      expect(listingDifferences(wanted, found).length === 0).toBe(
        JSON.stringify(plain(wanted)) === JSON.stringify(plain(found)),
      );
      expect(listingDifferences(wanted, wanted)).toEqual([]);
    }),
  );
});

test('what restic lists and what find prints are read alike', () => {
  const found = parseFound('d\t4096\t2755\t1\t2\t\0f\t5\t644\t1\t2\ta\tb\0l\t3\t777\t0\t0\tlink\0');
  const lines = [
    '{"struct_type":"snapshot","paths":["/d"],"time":"x"}',
    '{"path":"/d","type":"dir","mode":2155872749,"uid":1,"gid":2}',
    '{"path":"/d/a\\tb","type":"file","size":5,"mode":420,"uid":1,"gid":2}',
    '{"path":"/d/link","type":"symlink","mode":134218239,"uid":0,"gid":0}',
    '{"path":"/dx","type":"file","size":5,"mode":420,"uid":1,"gid":2}',
  ];
  expect(listingDifferences(parseResticListing(lines, '/d'), found)).toEqual([]);
});
