import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';

const obstacle =
  process.getuid?.() !== 0
    ? 'it needs root'
    : ['/dev/fuse', '/usr/sbin/zfs-fuse', '/usr/bin/restic'].find((path) => !existsSync(path));
if (obstacle !== undefined) console.log(`the rehearsal of persistence-programme is skipped: ${obstacle}`);

const { runbook } = await loadRunbook('persistence-programme');
const plan = runbook.rehearsal as RehearsalPlan;

test.skipIf(obstacle !== undefined)(
  'the programme takes the word for what was done before, proves a backup for each phase, and going back leaves all as it was',
  async () => {
    const parent = mkdtempSync(join(tmpdir(), 'persistence-programme-'));
    const said: string[] = [];
    const onOutput = (text: string) => void said.push(text);
    try {
      await using world = await buildWorld(plan, { parent });
      const sh = async (script: string) => (await world.run(['sh', '-c', script])).stdout.trim();
      const configuration = () => sh('find /home/admin/nixcfg -type f -exec sha256sum {} + | sort');
      const before = await configuration();
      // Half of the phases, for the sake of time; the others are the same steps.
      const params = { ...(plan.params as Record<string, Json>), services: [], preseedFor: [], pitr: false };
      const done = await rehearse(world, { runbook: 'persistence-programme', params, onOutput });
      expect(done.outcome, said.join('')).toBe('done');
      const snapshots =
        'restic -r /mnt/nas/restic --password-file /etc/restic/nas-primary.password snapshots';
      expect(await sh(`${snapshots} --json | grep -o '"phase-[0-9]"' | sort | tr '\\n' ' '`)).toBe(
        '"phase-1" "phase-2" "phase-4"',
      );
      const back = await rehearseRollback(world, { onOutput });
      expect(back.outcome, said.join('')).toBe('done');
      expect(await configuration()).toBe(before);
    } finally {
      expect(readdirSync(parent)).toEqual([]);
      rmSync(parent, { recursive: true, force: true });
    }
  },
);
