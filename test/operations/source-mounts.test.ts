import { expect, test } from 'vitest';
import { foreignMounts } from '../../src/operations/mounts/source-mounts.ts';
import type { Mount } from '../../src/runbook/index.ts';

const mount = (id: number, parent: number, point: string, root: string, device: string): Mount => ({
  id,
  parent,
  point,
  root,
  device,
  options: ['rw'],
  type: 'ext4',
  source: '/dev/sda',
});
const root = mount(1, 0, '/', '/', '8:1');
const points = (mounts: readonly Mount[], folder: string) =>
  foreignMounts(mounts, folder).map(({ point }) => point);

test('a read-only bind mount of /nix/store over itself is no other file system', () => {
  const mounts = [root, mount(2, 1, '/nix/store', '/nix/store', '8:1')];
  expect(points(mounts, '/nix')).toEqual([]);
});

test('the same holds when /nix is itself a mount of a folder on another disk', () => {
  const nix = mount(2, 1, '/nix', '/main', '8:16');
  expect(points([root, nix, mount(3, 2, '/nix/store', '/main/store', '8:16')], '/nix')).toEqual([]);
  expect(points([root, nix, mount(3, 2, '/nix/store', '/other/store', '8:16')], '/nix')).toEqual([
    '/nix/store',
  ]);
});

test('another disk, and another folder of the same disk, are', () => {
  const mounts = [root, mount(2, 1, '/nix/var', '/', '8:16'), mount(3, 1, '/nix/store', '/elsewhere', '8:1')];
  expect(points(mounts, '/nix')).toEqual(['/nix/var', '/nix/store']);
});

test('the mount of the folder itself, of a neighbour, and what a later mount covers do not count', () => {
  const mounts = [
    root,
    mount(2, 1, '/nix/var', '/', '8:32'),
    mount(3, 1, '/nix', '/main', '8:16'),
    mount(4, 1, '/nixos', '/', '8:48'),
  ];
  expect(points(mounts, '/nix')).toEqual([]);
});
