import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRunbook } from '../../../src/host/runbook-file.ts';
import { layoutOf } from '../../../src/rehearsal/layout.ts';
import { callMigrate, goOnRehearsing, rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { Json, RehearsalPlan } from '../../../src/runbook/index.ts';

const obstacle =
  process.getuid?.() !== 0
    ? 'they need root'
    : ['/usr/sbin/sgdisk', '/usr/sbin/mkfs.vfat', '/usr/bin/restic'].find((path) => !existsSync(path));
if (obstacle !== undefined) console.log(`rehearsals of system-disk-impermanence are skipped: ${obstacle}`);

const id = 'system-disk-impermanence';
const { runbook } = await loadRunbook(id);
const plan = runbook.rehearsal as RehearsalPlan;
const params = plan.params as Record<string, Json>;
const { answers = {} } = plan;

interface Stage {
  readonly world: World;
  readonly sh: (script: string) => Promise<string>;
  /** SHA-256 of each whole disk, by name. */
  readonly disks: (...names: readonly string[]) => Promise<Record<string, string>>;
  readonly node: (name: string) => string;
  /** As a person who chooses in the firmware. */
  readonly boot: (gate: string) => Promise<void>;
}

async function onStage(work: (stage: Stage) => Promise<void>): Promise<void> {
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

const others = ['decoy', 'nameless'] as const;
const look = ({ sh }: Stage) =>
  sh(String.raw`cd / && find etc home boot srv root -xdev ! -path 'root/.cache*' -printf '%p %y %m %U:%G %l\n' | sort
    find etc home boot -xdev -type f -exec sha256sum {} + | sort`);

describe.skipIf(obstacle !== undefined)('system-disk-impermanence in its world', () => {
  it('moves the machine to the new disk; the old one and those beside it keep every byte, and the old one boots', () =>
    onStage(async (stage) => {
      const { world, disks, sh, boot } = stage;
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const before = await disks(...others);
      const sealed = await rehearse(world, { runbook: id, params, answers, until: 'seal', onOutput });
      expect(sealed.outcome, said.join('')).toBe('done');
      const old = await disks('old');
      const done = await goOnRehearsing(world, { answers, onOutput });
      expect(done.outcome, said.join('')).toBe('done');
      expect(done.state?.status).toBe('completed');
      expect(await disks('old')).toEqual(old);
      expect(await disks(...others)).toEqual(before);
      expect(await sh('findmnt -n -o FSTYPE /')).toBe('tmpfs');
      expect(await sh('cat /home/sinh/Documents/letter.txt; ls /home/sinh/.cache 2>&1 | tail -n 1')).toMatch(
        /^Dear all\n.*(No such file)/,
      );
      // What somebody rebuilds from now on is what was installed.
      expect(
        await sh('cat /home/sinh/git-repos/nixcfg/systems/x86_64-linux/Emberroot/hardware-configuration.nix'),
      ).toContain('fsType = "tmpfs"');

      // An update that lost the boot loader's entries, mended from the installer.
      await sh('rm /boot/efi/loader/loader.conf');
      await boot('boot-installer');
      const mended = await rehearse(world, {
        runbook: 'boot-recovery',
        params: { disk: 'NEW-1', flake: '/home/sinh/git-repos/nixcfg' },
        onOutput,
      });
      expect(mended.outcome, said.slice(-60).join('')).toBe('done');
      expect(await sh('cat /home/sinh/Documents/letter.txt')).toBe('Dear all');

      // The way back, at any time.
      await boot('by-hand-old');
      expect(await sh('findmnt -n -o FSTYPE /; cat /home/sinh/.cache/thumbnails')).toBe('ext4\nmay go');
      expect(
        await sh('cat /home/sinh/git-repos/nixcfg/systems/x86_64-linux/Emberroot/hardware-configuration.nix'),
      ).not.toContain('tmpfs');
    }));

  it('is taken back to where it began, before the new disk is there and after; its state travels to the installer', () =>
    onStage(async (stage) => {
      const { world, disks, sh, boot, node } = stage;
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const untouched = await disks(...others);
      const before = { ...(await disks(...others, 'new')), files: await look(stage) };
      // Imports within mkIf do not evaluate: told here, and not on the installer.
      const flake = '/home/sinh/git-repos/nixcfg/systems/x86_64-linux/Emberroot';
      await sh(`cp -a ${flake}/default.nix /tmp/kept
        sed -i 's|  imports = \\[|  config = lib.mkIf true { imports = [ ./none.nix ]; };\\n&|' ${flake}/default.nix`);
      const broken = await rehearse(world, { runbook: id, params, answers, onOutput });
      expect(broken.outcome).toBe('failed');
      expect(said.join('')).toMatch(/build: FAILED[^]*option `imports' does not exist/);
      expect((await rehearseRollback(world, { onOutput })).outcome, said.join('')).toBe('done');
      await sh(`cp -a /tmp/kept ${flake}/default.nix`);
      said.length = 0;
      for (const until of ['configuration', 'build', 'prove-backup']) {
        const forward = await rehearse(world, { runbook: id, params, answers, until, onOutput });
        expect(forward.outcome, said.join('')).toBe('done');
        const back = await rehearseRollback(world, { onOutput });
        expect(back.outcome, said.join('')).toBe('done');
        expect({ ...(await disks(...others, 'new')), files: await look(stage) }).toEqual(before);
      }

      // By hand, with the state on a stick of its own.
      await rehearse(world, { runbook: id, params, answers, until: 'ready', onOutput });
      expect((await callMigrate(world, ['resume', id, '--yes'], { onOutput })).exitCode, said.join('')).toBe(
        3,
      );
      const moved = await callMigrate(world, ['state', 'move', '/mnt/travel/moved'], { onOutput });
      expect(moved.exitCode, said.join('')).toBe(0);
      await boot('boot-installer');
      const there = ['--state-dir', '/mnt/travel/moved'];
      const resumed = await callMigrate(world, ['resume', id, '--yes', ...there], { onOutput });
      expect(resumed.exitCode, said.join('')).toBe(3);
      const old = await disks('old');
      // Not a byte for a disk that is not the one, whatever is typed.
      await callMigrate(world, [
        'confirm',
        id,
        'new-disk',
        '--set',
        'serial=NEW-1',
        '--set',
        'contents=empty',
        ...there,
      ]);
      await sh(`mkswap ${node('new')}`);
      const filled = await disks('new');
      said.length = 0;
      expect((await callMigrate(world, ['resume', id, '--yes', ...there], { onOutput })).exitCode).toBe(1);
      expect(said.join('')).toContain('is not empty: on /dev/loop');
      expect(await disks('new')).toEqual(filled);
      await sh(`wipefs -q -a ${node('new')}`);
      const on = await callMigrate(world, ['resume', id, '--yes', '--until', 'adopt', ...there], {
        onOutput,
      });
      expect(on.exitCode, said.join('')).toBe(0);
      const back = await callMigrate(world, ['rollback', id, '--yes', ...there], { onOutput });
      expect(back.exitCode, said.join('')).toBe(0);
      expect(await sh(`wipefs --no-act ${node('new')}`)).toBe('');
      expect(await disks('old')).toEqual(old);
      expect(await disks(...others)).toEqual(untouched);
      await boot('by-hand-old');
      expect(await look(stage)).toBe(before.files);
    }));

  it('refuses to be taken back while it runs from the new disk, changes nothing, and is taken back by the installer', () =>
    onStage(async (stage) => {
      const { world, disks, sh, boot, node } = stage;
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const before = { ...(await disks(...others)), files: await look(stage) };
      const there = await rehearse(world, { runbook: id, params, answers, until: 'first-boot', onOutput });
      expect(there.outcome, said.join('')).toBe('done');
      const kept = await sh('cat /home/sinh/Documents/letter.txt; find /nix/store -maxdepth 1 | sort');
      said.length = 0;
      const refused = await callMigrate(world, ['rollback', id, '--yes'], { onOutput });
      expect(refused.exitCode, said.join('')).toBe(5);
      expect(said.join('')).toContain('nothing is undone');
      expect(said.join('')).toContain('boot the installer, and mount it (sh RUN/mount.sh)');
      expect(await sh('cat /home/sinh/Documents/letter.txt; find /nix/store -maxdepth 1 | sort')).toBe(kept);

      await boot('boot-installer');
      expect((await world.run(['sh', '-c', 'sh /var/lib/migrate/runs/*/mount.sh'])).stderr).toBe('');
      said.length = 0;
      const back = await callMigrate(world, ['rollback', id, '--yes'], { onOutput });
      expect(back.exitCode, said.join('')).toBe(0);
      expect(await sh(`wipefs --no-act ${node('new')}`)).toBe('');
      await boot('by-hand-old');
      expect({ ...(await disks(...others)), files: await look(stage) }).toEqual(before);
    }));
});
