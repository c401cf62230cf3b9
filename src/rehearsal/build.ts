import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RehearsalPlan, WorldDisk } from '../runbook/index.ts';
import { hostCommand } from './command.ts';
import { addDisks, makeDevices } from './device-tree.ts';
import { chooseDisks, type AddedDisk } from './disks.ts';
import { findHostPrograms, programPath } from './host-programs.ts';
import { showReadOnly } from './host-mounts.ts';
import type { WorldLayout } from './layout.ts';
import { Machine } from './machine.ts';
import { fixture } from './package-root.ts';
import type { BuildOptions, WorldFacts } from './protocol.ts';
import { writeRootTree } from './root-tree.ts';
import { mountWslMounts } from './wsl-mounts.ts';

export interface BuiltWorld {
  readonly machine: Machine;
  readonly facts: WorldFacts;
  /** The environment of every command in the world. */
  readonly env: Readonly<Record<string, string>>;
}

const rootMegabytes = 512;

/** Builds the world in the private mount namespace of this process, and boots it. */
export async function buildInNamespace(
  layout: WorldLayout,
  plan: RehearsalPlan,
  options: BuildOptions,
): Promise<BuiltWorld> {
  const programs = findHostPrograms(options.share ?? []);
  const disks = chooseDisks(layout, { folders: options.disks === 'folders', keep: options.keep === true });
  const hostName = plan.nixosWsl?.host ?? 'rehearsal';
  const seed = options.seed ?? plan.nixosWsl?.seed ?? 1;
  for (const folder of [layout.root, join(layout.shared, 'runs'), join(layout.shared, 'requests')]) {
    mkdirSync(folder, { recursive: true });
  }
  await isolate(hostName);
  const rootDevice = await disks.mountRoot(plan.megabytes ?? rootMegabytes);
  writeRootTree(layout.root, { plan, programs, hostName, machineId: hexOf(`machine ${seed}`) });
  for (const path of programs.binds) await showReadOnly(layout.root, path);
  await mountSys(layout.root);
  mkdirSync(join(layout.root, '.world'));
  await hostCommand('mount', '--bind', layout.shared, join(layout.root, '.world'));
  writeFileSync(join(layout.shared, 'late-binds'), programs.lateBinds.map((path) => `${path}\n`).join(''));
  await makeDevices(layout, disks.kind === 'loop' ? [rootDevice] : []);
  if (plan.nixosWsl !== undefined) await mountWslMounts(layout.root);
  const added = await addDisks(layout, disks, plan.disks ?? []);
  const fakes = disks.kind === 'folders' ? [fixture('folder-disks', 'bin')] : [];
  const env = {
    PATH: [...fakes, ...programPath(programs)].join(':'),
    HOME: '/root',
    USER: 'root',
    LANG: 'C.UTF-8',
  };
  writeFileSync(join(layout.root, 'etc/fstab'), fstab(plan.disks ?? [], added));
  const machine = new Machine(layout, { env, wsl: plan.nixosWsl !== undefined });
  await machine.boot();
  return { machine, env, facts: { disks: disks.kind, nix: 'none' } };
}

/** A name of its own, and no network beyond itself. */
async function isolate(hostName: string): Promise<void> {
  await hostCommand('hostname', hostName);
  if (hostname() !== hostName) throw new Error(`the host name is still ${hostname()}`);
  // iproute2 may be missing; then the world lacks even its loopback, which few need.
  await hostCommand('ip', 'link', 'set', 'lo', 'up').catch(() => undefined);
}

async function mountSys(root: string): Promise<void> {
  const point = join(root, 'sys');
  await hostCommand('mount', '-t', 'sysfs', '-o', 'ro', 'sysfs', point).catch(() =>
    // Refused to users where the host itself sees only a part of it.
    showReadOnly(root, '/sys'),
  );
}

function fstab(plans: readonly WorldDisk[], added: ReadonlyMap<string, AddedDisk>): string {
  return plans
    .filter((plan) => added.has(plan.name))
    .map((plan) => `/dev/disk/by-uuid/${plan.uuid} ${plan.mountPoint} ext4 defaults 0 2\n`)
    .join('');
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
