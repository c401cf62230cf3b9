import { describe, expect, it } from 'vitest';
import {
  builtSince,
  keptAside,
  leftBehind,
  noiseBetween,
  unlikeness,
  type Seen,
} from '../../../src/rehearsal/everywhere/likeness.ts';
import type { Snapshot, SnapshotEntry } from '../../../src/rehearsal/snapshot.ts';

type Entries = Readonly<Record<string, Partial<SnapshotEntry>>>;

const entry: SnapshotEntry = { kind: 'file', mode: 0o644, uid: 0, gid: 0, mtime: '5', size: 1, sha256: 'aa' };

function snapshot(entries: Entries): Snapshot {
  const all = Object.entries(entries).map(([path, more]) => [path, { ...entry, ...more }] as const);
  return { entries: Object.fromEntries(all), mounts: [], withXattrs: true };
}

/** A world that was built at 100 and whose run began at 200. */
const seen = (entries: Entries): Seen => ({ snapshot: snapshot(entries), built: 100n, runBegan: 200n });

describe('the likeness of two worlds', () => {
  const quiet = noiseBetween(seen({}), seen({}));

  it('finds what is another content, what is gone, and what appeared', () => {
    const was = seen({ '/a': {}, '/b': {} });
    const is = seen({ '/a': { sha256: 'bb' }, '/c': {} });
    expect(unlikeness(was, is, quiet)).toEqual(['/a: content was aa, is bb', '/b: is gone', '/c: appeared']);
  });

  it('takes any time of a run for the same, and a time that is older than the world as it is', () => {
    const times = (mtime: string) => seen({ '/a': { mtime } });
    expect(unlikeness(times('250'), times('270'), quiet)).toEqual([]);
    expect(unlikeness(times('150'), times('170'), quiet)).toEqual([]);
    expect(unlikeness(times('150'), times('250'), quiet)).toHaveLength(1);
    expect(unlikeness(times('7'), times('8'), quiet)).toHaveLength(1);
  });

  it('passes over what two uninterrupted runs already disagree in, and nothing else of the same file', () => {
    const noise = noiseBetween(seen({ '/log': { sha256: 'aa' } }), seen({ '/log': { sha256: 'bb' } }));
    const was = seen({ '/log': {} });
    expect(unlikeness(was, seen({ '/log': { sha256: 'cc' } }), noise)).toEqual([]);
    expect(unlikeness(was, seen({ '/log': { mode: 0o600 } }), noise)).toHaveLength(1);
  });

  it('passes over names that are made anew each time, with what is beneath, but not over their neighbours', () => {
    const one = seen({ '/d': {}, '/d/kept': {}, '/d/x1': {}, '/d/x1/f': {} });
    const other = seen({ '/d': {}, '/d/kept': {}, '/d/x2': {}, '/d/x2/f': {} });
    const noise = noiseBetween(one, other);
    expect(unlikeness(one, seen({ '/d': {}, '/d/kept': {}, '/d/x3': {}, '/d/x3/f': {} }), noise)).toEqual([]);
    expect(unlikeness(one, seen({ '/d': {}, '/d/x3': {} }), noise)).toEqual(['/d/kept: is gone']);
    expect(unlikeness(one, seen({ '/d': {}, '/d/kept': {}, '/e': {} }), noise)).toEqual(['/e: appeared']);
  });
});

describe('what an undo left', () => {
  it('is all but the times of folders and links, which are made again', () => {
    const before = snapshot({ '/d': { kind: 'folder' }, '/l': { kind: 'symlink' }, '/f': {} });
    const after = snapshot({
      '/d': { kind: 'folder', mtime: '6' },
      '/l': { kind: 'symlink', mtime: '6' },
      '/f': { mtime: '6' },
      '/g': {},
    });
    expect(leftBehind(before, after)).toEqual(['/f: mtime was 5, is 6', '/g: appeared']);
    expect(leftBehind(before, after, ['/g'])).toEqual(['/f: mtime was 5, is 6']);
  });

  it('is not what was built since, and stays in a store; what was there before is', () => {
    const path = (name: string) => `/nix/store/${'0'.repeat(32)}-${name}`;
    const before = snapshot({ [path('old')]: {}, [`${path('old')}/gone`]: {} });
    const after = snapshot({
      ...{ [path('old')]: {}, [`${path('old')}/new`]: {} },
      ...{ [path('new')]: {}, [`${path('new')}/file`]: {}, [`beneath:${path('new')}/file`]: {} },
      '/nix/store/nobody-s': {},
    });
    const built = builtSince(before, after);
    expect(built).toEqual([path('new')]);
    expect(leftBehind(before, after, built)).toEqual([
      `${path('old')}/gone: is gone`,
      `${path('old')}/new: appeared`,
      '/nix/store/nobody-s: appeared',
    ]);
  });

  it('is not what a rollback keeps aside of this run', () => {
    const places = [
      '/d.migrate-replaced-move-1',
      'beneath:/d/.migrate-aside-dropped-move-1',
      '/d.migrate-replaced-move-2',
    ];
    const after = snapshot(
      Object.fromEntries(
        places.flatMap((path) => [
          [path, {}],
          [`${path}/f`, {}],
        ]),
      ),
    );
    const kept = keptAside(after, 'move-1');
    expect(kept).toEqual(places.slice(0, 2));
    expect(leftBehind(snapshot({}), after, kept)).toEqual([
      '/d.migrate-replaced-move-2: appeared',
      '/d.migrate-replaced-move-2/f: appeared',
    ]);
  });
});
