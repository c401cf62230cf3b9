import { expect, test } from 'vitest';
import { mountAt, mountOf } from '../../src/runbook/mount-table.ts';
import type { Mount } from '../../src/runbook/index.ts';

const mount = (id: number, parent: number, point: string): Mount => ({
  id,
  parent,
  device: `8:${id}`,
  root: '/',
  point,
  options: ['rw'],
  type: 'ext4',
  source: `/dev/sd${id}`,
});

test('a path lies on the innermost mount above it', () => {
  const mounts = [mount(1, 0, '/'), mount(2, 1, '/nix'), mount(3, 2, '/nix/store')];
  expect(mountOf(mounts, '/nix/var/db')?.id).toBe(2);
  expect(mountOf(mounts, '/nix/store/abc')?.id).toBe(3);
  expect(mountOf(mounts, '/nixos')?.id).toBe(1);
  expect(mountOf(mounts, '/nix/')?.id).toBe(2);
});

test('of two mounts on one path the later is seen', () => {
  const mounts = [mount(1, 0, '/'), mount(2, 1, '/nix'), mount(3, 2, '/nix')];
  expect(mountAt(mounts, '/nix')?.id).toBe(3);
});

test('a mount beneath a folder that was mounted over later is not seen', () => {
  const mounts = [mount(1, 0, '/'), mount(2, 1, '/nix/store'), mount(3, 1, '/nix')];
  expect(mountAt(mounts, '/nix/store')).toBeUndefined();
  expect(mountOf(mounts, '/nix/store/abc')?.id).toBe(3);
});

test('a folder that is no mount point has no mount of its own', () => {
  expect(mountAt([mount(1, 0, '/')], '/nix')).toBeUndefined();
});

test('in a chroot whose root is no mount point, mounts beneath it are found', () => {
  const mounts = [mount(5, 77, '/proc')];
  expect(mountOf(mounts, '/proc/self')?.id).toBe(5);
  expect(mountOf(mounts, '/home')).toBeUndefined();
});
