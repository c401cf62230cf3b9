import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { goOnRehearsing, rehearse, type RehearsalReport } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';

export const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('rehearsals of tmpfs-impermanence are skipped: they need root');

export const { runbook } = await loadRunbook('tmpfs-impermanence');
export const plan = runbook.rehearsal as RehearsalPlan;
export const params = plan.params as Record<string, Json>;

/** A machine whose root shall go into memory, and what an operator does with it. */
export interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
  readonly said: string[];
  go(options?: { until?: string; changes?: Readonly<Record<string, Json>> }): Promise<RehearsalReport>;
  goOn(until?: string): Promise<RehearsalReport>;
}

export async function onStage(
  work: (stage: Stage) => Promise<void>,
  changed: RehearsalPlan = {},
): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'tmpfs-impermanence-'));
  try {
    await using world = await buildWorld({ ...plan, ...changed }, { parent });
    const said: string[] = [];
    const surroundings = { byHand: plan.byHand ?? {} };
    const common = {
      answers: plan.answers ?? {},
      surroundings,
      onOutput: (text: string) => void said.push(text),
    };
    const to = (until: string | undefined) => (until === undefined ? {} : { until });
    await work({
      world,
      said,
      sh: async (script) => (await world.run(['sh', '-c', script])).stdout.trim(),
      go: ({ until, changes = {} } = {}) =>
        rehearse(world, { runbook: runbook.id, params: { ...params, ...changes }, ...common, ...to(until) }),
      goOn: (until) => goOnRehearsing(world, { ...common, ...to(until) }),
    });
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

export const tail = ({ said }: Stage) => said.join('').slice(-3_000);
