import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { layoutOf } from '../../../src/rehearsal/layout.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';

export const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/usr/sbin/sgdisk', '/usr/sbin/mkfs.vfat', '/usr/bin/restic'].find((path) => !existsSync(path));
if (obstacle !== undefined) console.log(`rehearsals of system-disk-impermanence are skipped: ${obstacle}`);

export const id = 'system-disk-impermanence';
const { runbook } = await loadRunbook(id);
const plan = runbook.rehearsal as RehearsalPlan;
export const params = plan.params as Record<string, Json>;
export const { answers = {} } = plan;

interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
  /** SHA-256 of each whole disk, by name. */
  readonly disks: (...names: readonly string[]) => Promise<Record<string, string>>;
  readonly node: (name: string) => string;
  /** As a person who chooses in the firmware. */
  readonly boot: (gate: string) => Promise<void>;
}

export async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'system-disk-'));
  try {
    const boots = { ...plan.systemDisks?.boots, 'by-hand-old': 'old' as const, boot: 'new' as const };
    const given =
      plan.systemDisks === undefined ? plan : { ...plan, systemDisks: { ...plan.systemDisks, boots } };
    await using world = await buildWorld(given, { parent });
    const sh = async (script: string) => (await world.run(['sh', '-c', script])).stdout.trim();
    const node = (name: string) =>
      Object.entries(world.facts.devices).find(([, known]) => known === name)?.[0] ?? '';
    await work({
      world,
      sh,
      node,
      disks: async (...names) =>
        Object.fromEntries(
          await Promise.all(names.map(async (name) => [name, await sh(`sha256sum <${node(name)}`)] as const)),
        ),
      boot: async (gate) => {
        writeFileSync(join(layoutOf(world.folder).shared, 'boot-gate'), `${gate}\n`);
        await world.reboot();
      },
    });
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

export const others = ['decoy', 'nameless'] as const;
export const look = ({ sh }: Stage) =>
  sh(String.raw`cd / && find etc home boot srv root -xdev ! -path 'root/.cache*' -printf '%p %y %m %U:%G %l\n' | sort
    find etc home boot -xdev -type f -exec sha256sum {} + | sort`);
