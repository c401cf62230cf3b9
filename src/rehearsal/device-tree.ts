import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorldDisk, WorldPool } from '../runbook/index.ts';
import { hostCommand } from './command.ts';
import { bindDevice, type AddedDisk, type Disks } from './disks.ts';
import type { WorldLayout } from './layout.ts';

/** The world's own `/dev`: the harmless devices and its own disks, so that no other disk can be hit. */
export async function makeDevices(layout: WorldLayout, disks: readonly string[]): Promise<void> {
  const dev = join(layout.root, 'dev');
  await hostCommand('mount', '-t', 'tmpfs', '-o', 'mode=755', 'dev', dev);
  const harmless = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`);
  for (const device of [...harmless, ...disks]) await bindDevice(layout, device);
  for (const folder of ['pts', 'shm', 'disk/by-uuid']) mkdirSync(join(dev, folder), { recursive: true });
  await hostCommand('mount', '-t', 'devpts', '-o', 'newinstance,ptmxmode=0666', 'devpts', join(dev, 'pts'));
  const links = {
    ptmx: 'pts/ptmx',
    fd: '/proc/self/fd',
    stdin: '/proc/self/fd/0',
    stdout: '/proc/self/fd/1',
    stderr: '/proc/self/fd/2',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(dev, name));
}

/** Adds the plan's disks, with the links by UUID that udev would make. */
export async function addDisks(
  layout: WorldLayout,
  disks: Disks,
  plans: readonly WorldDisk[],
): Promise<ReadonlyMap<string, AddedDisk>> {
  const added = new Map<string, AddedDisk>();
  for (const plan of plans) {
    const disk = await disks.add(plan);
    added.set(plan.name, disk);
    symlinkSync(`../..${disk.device.slice('/dev'.length)}`, join(layout.root, 'dev/disk/by-uuid', plan.uuid));
  }
  const kept = plans.flatMap((plan) => {
    const disk = added.get(plan.name);
    return disk?.place === undefined ? [] : [`${disk.device} ${plan.uuid} ${disk.place}\n`];
  });
  writeFileSync(join(layout.shared, 'disks'), kept.join(''));
  return added;
}

/** Adds `/dev/fuse` and a disk for each pool, with the links by name that udev would make; gives devices by pool. */
export async function addPoolDisks(
  layout: WorldLayout,
  disks: Disks,
  pools: readonly WorldPool[],
): Promise<ReadonlyMap<string, string>> {
  await bindDevice(layout, '/dev/fuse');
  const folder = join(layout.root, 'dev/disk/by-id');
  mkdirSync(folder, { recursive: true });
  const added = new Map<string, string>();
  for (const { name, megabytes } of pools) {
    const device = await disks.addRaw(name, megabytes);
    added.set(name, device);
    symlinkSync(`../..${device.slice('/dev'.length)}`, join(folder, `world-${name}`));
  }
  return added;
}
