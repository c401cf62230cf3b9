import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { layoutOf } from '../../../src/rehearsal/layout.ts';
import { rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { RehearsalPlan, SystemDisksPlan } from '../../../src/runbook/index.ts';

const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/usr/sbin/sgdisk', '/usr/sbin/mkfs.vfat', '/usr/bin/restic'].find((path) => !existsSync(path));
if (obstacle !== undefined) console.log(`rehearsals of boot-recovery are skipped: ${obstacle}`);

const { runbook } = await loadRunbook('boot-recovery');
const plan = runbook.rehearsal as RehearsalPlan;
const machine = plan.systemDisks as SystemDisksPlan;
const { params = {} } = plan;

interface Stage {
  readonly world: World;
  readonly said: string[];
  readonly onOutput: (text: string) => void;
  readonly sh: (script: string) => Promise<string>;
  /** As a person who chooses in the firmware. */
  readonly boot: (where: 'old' | 'installer' | 'new') => Promise<void>;
}

async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'boot-recovery-'));
  try {
    const boots = {
      ...machine.boots,
      'to-old': 'old',
      'to-installer': 'installer',
      'to-new': 'new',
    } as const;
    await using world = await buildWorld({ ...plan, systemDisks: { ...machine, boots } }, { parent });
    const said: string[] = [];
    await work({
      world,
      said,
      onOutput: (text) => void said.push(text),
      sh: async (script) => (await world.run(['sh', '-c', script])).stdout.trim(),
      boot: async (where) => {
        writeFileSync(join(layoutOf(world.folder).shared, 'boot-gate'), `to-${where}\n`);
        await world.reboot();
      },
    });
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

describe.skipIf(obstacle !== undefined)('boot-recovery in its world', () => {
  it('finds what keeps the disk from booting, has it mended, and boots it; the other disks keep every byte', () =>
    onStage(async ({ world, said, onOutput, sh, boot }) => {
      await expect(boot('new')).rejects.toThrow(/initrd of .* cannot mount its file systems/);
      await boot('installer');
      const nodeOf = (name: string) =>
        Object.entries(world.facts.devices).find(([, known]) => known === name)?.[0] ?? '';
      const others = () => sh(`sha256sum <${nodeOf('old')}; sha256sum <${nodeOf('decoy')}`);
      const before = await others();
      expect(before).toMatch(/^\w{64} .*\n\w{64} /);

      // Confirmed, and nothing done: it is built anew and would boot no better.
      const options = { runbook: 'boot-recovery', params, onOutput };
      const unmended = await rehearse(world, options);
      expect(unmended.outcome).toBe('failed');
      const why = '/persist is looked for by the UUID 6d0f7a41-58c3-4b9e-a2d7-1f93c8e05b46';
      expect(said.join('')).toMatch(new RegExp(`entry[^\n]*PARTIAL[^]*${why}[^]*will-boot[^\n]*FAIL`));
      expect((await rehearseRollback(world, { onOutput })).outcome, said.slice(-30).join('')).toBe('done');
      expect(await sh('findmnt -rno TARGET | grep mnt-new || :')).toBe('');

      const mended = await rehearse(world, { ...options, surroundings: plan });
      expect(mended.outcome, said.slice(-60).join('')).toBe('done');
      expect(mended).toMatchObject({ reboots: 1, state: { status: 'completed' } });
      expect(await sh('findmnt -no FSTYPE /; cat /home/sinh/Documents/letter.txt')).toBe('tmpfs\nDear all');
      expect(await others()).toBe(before);

      // Also where it runs: what booted stays in the menu.
      expect((await rehearseRollback(world, { onOutput })).outcome, said.slice(-30).join('')).toBe('done');
      expect(await sh('readlink /nix/var/nix/profiles/system')).toBe('system-2-link');
    }));

  it('is taken back before it is mended and after: nothing is mounted any more, and the old generation is the profile', () =>
    onStage(async ({ world, said, onOutput, sh }) => {
      const look = () =>
        sh(`findmnt -rno TARGET,SOURCE | sort; mkdir /look; mount -o ro /dev/disk/by-uuid/${machine.moved?.nix} /look
          readlink /look/var/nix/profiles/system; umount /look; rmdir /look`);
      const before = await look();
      expect(before).toContain('system-2-link');
      for (const until of ['mount-esp', 'will-boot'] as const) {
        const forward = { runbook: 'boot-recovery', params, surroundings: plan, until, onOutput };
        expect((await rehearse(world, forward)).outcome, said.slice(-60).join('')).toBe('done');
        expect((await rehearseRollback(world, { onOutput })).outcome, said.slice(-30).join('')).toBe('done');
        expect(await look()).toBe(before);
      }
    }));
});
