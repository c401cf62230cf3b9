import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueSnapshots } from '../../../src/operations/replication/due-snapshots.ts';
import { parseDatasetTree, type DatasetState } from '../../../src/operations/replication/dataset-tree.ts';
import { replicaLag, replicaStandings } from '../../../src/operations/replication/replica-standing.ts';
import { parseSanoidConf } from '../../../src/operations/replication/sanoid-conf.ts';
import { sanoidPolicies } from '../../../src/operations/replication/sanoid-policy.ts';

const place = { source: 'tank/a', target: 'backup/b', exclude: [] };
const point = (guid: number, name = `s${guid}`) => ({ name, guid: String(guid), created: guid * 100 });
const state = (dataset: string, snapshots: number[], bookmarks: number[] = []): DatasetState => ({
  dataset,
  guid: '1',
  snapshots: snapshots.map((guid) => point(guid)),
  bookmarks: bookmarks.map((guid) => point(guid)),
});
const standingOf = (source: DatasetState, target?: DatasetState) =>
  replicaStandings([source], target && [target], place)[0];

describe('a replica, by the GUIDs of snapshots', () => {
  it.each([
    ['missing', state('tank/a', [1, 2]), undefined],
    ['follows', state('tank/a', [1, 2, 3]), state('backup/b', [1, 2])],
    ['follows', state('tank/a', [2, 3]), state('backup/b', [1, 2])],
    ['changed', state('tank/a', [1, 2, 3]), state('backup/b', [1, 2, 9])],
    ['unrelated', state('tank/a', [3]), state('backup/b', [1, 2])],
    ['unrelated', state('tank/a', [3]), state('backup/b', [])],
    ['bookmark', state('tank/a', [3], [2]), state('backup/b', [1, 2])],
    ['unrelated', state('tank/a', [3], [1]), state('backup/b', [1, 2])],
  ] as const)('is %s', (standing, source, target) => {
    expect(standingOf(source, target)?.standing).toBe(standing);
  });

  it('is not told by names: a snapshot made anew under an old name is another', () => {
    const source = { ...state('tank/a', []), snapshots: [point(7, 'daily')] };
    const target = { ...state('backup/b', []), snapshots: [point(1, 'daily')] };
    expect(standingOf(source, target)?.standing).toBe('unrelated');
  });

  it('follows exactly when its newest snapshot is one of the source', () => {
    const guids = fc
      .uniqueArray(fc.integer({ min: 1, max: 12 }))
      .map((list) => list.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(guids, guids, (source, target) => {
        const found = standingOf(state('tank/a', source), state('backup/b', target));
        const last = target.at(-1);
        expect(found?.standing === 'follows').toBe(last !== undefined && source.includes(last));
        if (found?.standing === 'follows')
          expect(found.behind).toBe(source.filter((guid) => guid > (last ?? 0)).length);
      }),
    );
  });

  it('passes by what is excluded, with all beneath it, and nothing that is only named alike', () => {
    const source = ['tank/a', 'tank/a/x', 'tank/a/x/y', 'tank/a/xy'].map((name) => state(name, [1]));
    const found = replicaStandings(source, undefined, { ...place, exclude: ['tank/a/x'] });
    expect(found.map(({ dataset, replica }) => [dataset, replica])).toEqual([
      ['tank/a', 'backup/b'],
      ['tank/a/xy', 'backup/b/xy'],
    ]);
  });

  it('lags by the dataset that is furthest behind, and by nothing that can be told without a common snapshot', () => {
    const source = [state('tank/a', [1, 2, 3]), state('tank/a/x', [1, 2])];
    const standings = replicaStandings(source, [state('backup/b', [1, 2]), state('backup/b/x', [1])], place);
    expect(replicaLag(standings, 500_000)).toBe(400_000);
    expect(replicaLag(standings, 0)).toBe(0);
    expect(replicaLag(replicaStandings(source, [state('backup/b', [2])], place), 1)).toBeUndefined();
    expect(replicaLag([], 1)).toBeUndefined();
  });
});

it('what ZFS prints is read with the snapshots in its order and bookmarks beside them', () => {
  const lines = [
    ['tank/a', 'guid', '11'],
    ['tank/a', 'creation', '100'],
    ['tank/a@z', 'guid', '12'],
    ['tank/a@z', 'creation', '200'],
    ['tank/a@b', 'guid', '13'],
    ['tank/a@b', 'creation', '200'],
    ['tank/a#z', 'guid', '12'],
    ['tank/a#z', 'creation', '200'],
    ['tank/a/c', 'guid', '14'],
    ['tank/a/c', 'creation', '300'],
  ];
  expect(parseDatasetTree(lines.map((line) => `${line.join('\t')}\n`).join(''))).toEqual([
    {
      dataset: 'tank/a',
      guid: '11',
      snapshots: [
        { name: 'z', guid: '12', created: 200 },
        { name: 'b', guid: '13', created: 200 },
      ],
      bookmarks: [{ name: 'z', guid: '12', created: 200 }],
    },
    { dataset: 'tank/a/c', guid: '14', snapshots: [], bookmarks: [] },
  ]);
});

it('what is due is named by dataset and period, and a snapshot of another make does not count', () => {
  const sections = parseSanoidConf('[tank/a]\nhourly = 1\ndaily = 1\nmonthly = 0\n', 'x');
  const policies = sanoidPolicies(sections, ['tank/a']);
  const named = (name: string) => [
    { ...state('tank/a', []), snapshots: [{ name, guid: '1', created: 9000 }] },
  ];
  const all = ['tank/a (hourly)', 'tank/a (daily)'];
  expect(dueSnapshots(policies, [state('tank/a', [])], 9100)).toEqual(all);
  expect(dueSnapshots(policies, named('daily'), 9100)).toEqual(all);
  const hourly = named('autosnap_2026-01-01_00:00:00_hourly');
  expect(dueSnapshots(policies, hourly, 9100)).toEqual(['tank/a (daily)']);
  expect(dueSnapshots(policies, hourly, 13_000)).toEqual(all);
});
