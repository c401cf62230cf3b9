import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stepState } from '../../../src/journal/state.ts';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { callMigrate, rehearse } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Finding, Json, NixosPodmanPlan, RehearsalPlan } from '../../../src/runbook/index.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot)
  console.log('rehearsals of podman-restart-validation are skipped: its world has units of another user');

const { runbook } = await loadRunbook('podman-restart-validation');
const plan = runbook.rehearsal as RehearsalPlan;
const params = plan.params as Record<string, Json>;

async function onStage(traits: readonly string[], work: (world: World) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'podman-restart-'));
  try {
    const machine = plan.nixosPodman as NixosPodmanPlan;
    await using world = await buildWorld({ ...plan, nixosPodman: { ...machine, traits } }, { parent });
    await work(world);
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

describe.skipIf(!isRoot)('podman-restart-validation in its world', () => {
  it('says of the machine as it was described what was found there, puts everything back, and reports it', () =>
    onStage(['exit-hidden'], async (world) => {
      const folder = '/etc/systemd/user';
      await world.run(['sh', '-c', `mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`]);
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const { outcome, state } = await rehearse(world, {
        runbook: 'podman-restart-validation',
        params,
        onOutput,
      });
      // A FAIL is a failure of the run, also where it is known.
      expect(outcome).toBe('failed');
      const verdicts = (state?.nodes ?? [])
        .filter(({ kind }) => kind === 'check')
        .map(({ id }) => {
          const { output, finding } = stepState(state as NonNullable<typeof state>, id);
          return [id, ((finding ?? output) as Finding | undefined)?.verdict];
        });
      expect(verdicts, said.join('')).toEqual([
        ...['exec-start', 'restart-no', 'ownership', 'sd-switch', 'audit-units'].map((id) => [id, 'PASS']),
        ['t01-no-op-rebuild', 'PASS'],
        ['t02-restart', 'PASS'],
        ['t03-health', 'PARTIAL'],
        ['t05-drift', 'FAIL'],
        ['t05-heal', 'PASS'],
        ['t06-stale-drop-in', 'BLOCKED'],
        ['t07-daemon-reload', 'PASS'],
        ['auto-update-fails', 'PASS'],
        ['as-before', 'PASS'],
      ]);
      const report = await callMigrate(world, ['report', 'podman-restart-validation', '--format', 'md']);
      expect(report.stdout).toContain('a rebuild that changes nothing runs no activation of Home Manager');
    }));
});
