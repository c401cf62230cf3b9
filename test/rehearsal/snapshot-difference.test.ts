import { describe, expect, it } from 'vitest';
import { compareSnapshots } from '../../src/rehearsal/snapshot-difference.ts';
import { pathText, type Snapshot, type SnapshotEntry } from '../../src/rehearsal/snapshot.ts';
import { parseDump } from '../../src/rehearsal/xattrs.ts';

const file: SnapshotEntry = {
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: '1000000000',
  size: 3,
  sha256: 'aa',
  sparse: false,
};
const mount = { point: '/nix', type: 'ext4', source: '/dev/loop1', root: '/main', readOnly: false };
const of = (entries: Snapshot['entries'], mounts: Snapshot['mounts'] = []): Snapshot => ({
  entries,
  mounts,
  withXattrs: true,
});

describe('the difference of two snapshots', () => {
  it('is nothing when they are alike', () => {
    expect(compareSnapshots(of({ '/a': file }, [mount]), of({ '/a': { ...file } }, [{ ...mount }]))).toEqual(
      [],
    );
  });

  it.each([
    [{ mode: 0o600 }, '/a: mode was 0644, is 0600'],
    [{ uid: 1000 }, '/a: owner was 0:0, is 1000:0'],
    [{ mtime: '2000000000' }, '/a: mtime was 1000000000, is 2000000000'],
    [{ sha256: 'bb' }, '/a: content was aa, is bb'],
    [{ sparse: true }, '/a: sparse was false, is true'],
    [{ sameFileAs: '/b' }, '/a: hard link to was none, is /b'],
    [{ xattrs: { 'user.x': '0x79' } }, '/a: xattrs was none, is user.x=0x79'],
  ])('names %j in a line for a person', (change, line) => {
    expect(compareSnapshots(of({ '/a': file }), of({ '/a': { ...file, ...change } }))).toEqual([line]);
  });

  it('tells what came and what went, also among the mounts', () => {
    expect(compareSnapshots(of({ '/a': file }), of({ '/b': file }, [mount]))).toEqual([
      '/a: is gone',
      '/b: appeared',
      'newly mounted: /nix (ext4 /dev/loop1[/main])',
    ]);
  });

  it('leaves out what may differ', () => {
    const before = of({ '/a': file, '/a/b': file, '/c': file });
    const after = of({ '/a/b': { ...file, mode: 0 }, '/c': { ...file, mtime: '7' } }, [mount]);
    expect(compareSnapshots(before, after, { except: ['/a'], anyTime: ['/c'], anyMounts: true })).toEqual([]);
  });

  it('says when extended attributes were read only once', () => {
    expect(compareSnapshots(of({}), { ...of({}), withXattrs: false })).toHaveLength(1);
  });
});

describe('a path as text', () => {
  it('is exact, whatever its bytes are', () => {
    expect(pathText(Buffer.from('/naïve/漢'))).toBe('/naïve/漢');
    expect(pathText(Buffer.from([0x2f, 0xff, 0x5c]))).toBe(String.raw`/\xff\\`);
    expect(pathText(Buffer.from(String.raw`/\xff`))).toBe(String.raw`/\\xff`);
  });
});

describe('the output of getfattr', () => {
  it('is read by file, with line breaks in names', () => {
    const text = '# file: /a\\012b\nuser.one=0x31\nuser.two=0x32\n\n# file: /c\nuser.one=0x33\n';
    expect(Object.fromEntries(parseDump(text))).toEqual({
      '/a\nb': { 'user.one': '0x31', 'user.two': '0x32' },
      '/c': { 'user.one': '0x33' },
    });
  });
});
