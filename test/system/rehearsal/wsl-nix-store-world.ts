import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';
import { builtProgram, placeForWorlds } from '../../rehearsal/built-program.ts';
import { watched } from './wsl-nix-store-trees.ts';

export const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: these worlds need root');

const { runbook } = await loadRunbook('wsl-nix-store');
const given = runbook.rehearsal as RehearsalPlan & { nixosWsl: object };
const plan = { ...given, nixosWsl: { ...given.nixosWsl, storePaths: 8 } } as RehearsalPlan;
// A short soak has the same steps and fewer samples.
export const params: Record<string, Json> = {
  ...given.params,
  ...{ benchmarkRuns: 1, soakMin: '30m', soakMax: '2h' },
};

/** A world of the Nix store's move for one test, which leaves nothing behind. */
export async function inStoreWorld(work: (world: World) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(placeForWorlds(), 'wsl-nix-store-'));
  try {
    await using world = await buildWorld(plan, { parent, program: await builtProgram() });
    await work(world);
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

/** What a script prints in a world. */
export const shellOf =
  (world: World) =>
  async (script: string): Promise<string> =>
    (await world.run(['sh', '-c', script])).stdout.trim();

/** All that going back must leave as it was. */
export const look = async (world: World) => ({
  tree: await world.snapshot(watched),
  paths: await shellOf(world)('nix path-info --all | sort'),
  units: await shellOf(world)('systemctl list-units --no-legend'),
});
