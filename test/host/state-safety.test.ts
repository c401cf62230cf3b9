import { expect, test } from 'vitest';
import { findSafePlace, placesOnDisks, warningOf, whyUnsafe } from '../../src/host/state-safety.ts';
import type { Claim, Mount } from '../../src/runbook/index.ts';

const mount = (id: number, parent: number, point: string, rest: Partial<Mount> = {}): Mount => ({
  id,
  parent,
  device: `8:${id}`,
  root: '/',
  point,
  options: ['rw'],
  type: 'ext4',
  source: `/dev/sd${id}`,
  ...rest,
});
const claim = (path: string, role: 'source' | 'target' | 'shadowed' | 'replaced'): Claim => ({
  kind: 'path',
  path,
  role,
});

const disk = [mount(1, 0, '/')];
const state = '/var/lib/migrate';

test('a folder on a disk that nothing touches is safe', () => {
  expect(
    whyUnsafe(state, disk, [claim('/nix', 'source'), claim('/var/lib/migrate-other', 'target')]),
  ).toBeUndefined();
  expect(whyUnsafe(state, disk, [{ kind: 'unit', unit: 'a.service' }])).toBeUndefined();
});

test('memory is refused: a root, a folder or an overlay that is empty after the next boot', () => {
  const memory = { type: 'tmpfs', source: 'none' };
  expect(whyUnsafe(state, [mount(1, 0, '/', memory)], [])).toBe(
    'it lies on /, a tmpfs that is empty after the next boot',
  );
  expect(whyUnsafe(state, [...disk, mount(2, 1, '/var', { type: 'ramfs' })], [])).toContain('ramfs');
  const live = [
    mount(1, 0, '/', { type: 'overlay', options: ['rw', 'lowerdir=/ro', 'upperdir=/run/rw/upper'] }),
    mount(2, 1, '/run', memory),
  ];
  expect(whyUnsafe(state, live, [])).toContain('an overlay in memory');
  const container = [
    mount(1, 0, '/', { type: 'overlay', options: ['rw', 'upperdir=/var/lib/docker/1/diff'] }),
  ];
  expect(whyUnsafe(state, container, [])).toBeUndefined();
});

test('what the run copies, writes, covers or replaces is refused, each by its name', () => {
  expect(whyUnsafe(state, disk, [claim('/var/lib', 'source')])).toBe(
    'it lies in /var/lib, which this run copies',
  );
  expect(whyUnsafe(state, disk, [claim('/var', 'target')])).toBe('it lies in /var, which this run writes');
  expect(whyUnsafe(state, disk, [claim(state, 'shadowed')])).toBe(
    `it lies in ${state}, which a mount of this run will cover`,
  );
  expect(whyUnsafe(state, disk, [claim('/home', 'replaced')])).toBe(
    'it lies on the file system of /home, which this run replaces',
  );
});

test('another disk beneath a root that is replaced is safe', () => {
  const mounts = [...disk, mount(2, 1, '/mnt/usb')];
  const claims = [claim('/', 'replaced'), claim('/', 'source')];
  expect(whyUnsafe('/mnt/usb/migrate', mounts, claims)).toBeUndefined();
  expect(whyUnsafe(state, mounts, claims)).toBe('it lies on the file system of /, which this run replaces');
});

test('the place that is offered is itself safe', () => {
  const mounts = [
    mount(1, 0, '/', { type: 'tmpfs', source: 'none' }),
    mount(2, 1, '/boot'),
    mount(3, 1, '/cdrom', { options: ['ro'] }),
    mount(4, 1, '/home'),
    mount(5, 1, '/persist'),
  ];
  expect(findSafePlace([state, ...placesOnDisks(mounts)], mounts, [claim('/home', 'source')])).toBe(
    '/persist/migrate',
  );
  expect(findSafePlace([state], mounts, [])).toBeUndefined();
});

test('a folder that many systems empty is accepted with a warning', () => {
  expect(warningOf('/tmp/state')).toContain('/tmp/state lies in /tmp');
  expect(warningOf('/tmpfoo')).toBeUndefined();
});
