import { describe, expect, it } from 'vitest';
import { readEvents } from '../../../src/journal/read.ts';
import { inWorld } from '../../../src/rehearsal/layout.ts';
import { callMigrate, rehearse } from '../../../src/rehearsal/rehearse.ts';
import { compareSnapshots } from '../../../src/rehearsal/snapshot-difference.ts';
import type { World } from '../../../src/rehearsal/world.ts';
import { anyTime, except } from './wsl-nix-store-trees.ts';
import { inStoreWorld, isRoot, look, params, shellOf } from './wsl-nix-store-world.ts';

/** A machine that has come so far in the migration, and what one does with it. */
class Machine {
  readonly world: World;
  readonly said: string[] = [];
  run = '';

  constructor(world: World) {
    this.world = world;
  }

  sh = (script: string): Promise<string> => shellOf(this.world)(script);

  /** All that a rollback must leave as it was. */
  look = () => look(this.world);

  async goOnto(until: string): Promise<void> {
    const onOutput = (text: string) => void this.said.push(text);
    const report = await rehearse(this.world, { runbook: 'wsl-nix-store', params, until, onOutput });
    if (report.outcome !== 'done') throw new Error(this.said.join(''));
    this.run = report.state?.run ?? '';
  }

  /** One call of the program, killed at a point when one is given. */
  async rollback(flags: readonly string[] = [], crash?: string) {
    await this.world.run(['rm', '-f', inWorld.crashed]);
    const result = await callMigrate(this.world, ['rollback', this.run, '--yes', ...flags], {
      ...(crash === undefined ? {} : { crash }),
    });
    this.said.push(`$ rollback ${flags.join(' ')} (${crash})\n`, result.stdout, result.stderr);
    return { ...result, killed: result.signal === 'SIGKILL' };
  }

  async events() {
    const { stdout } = await this.world.run(['sh', '-c', 'cat /var/lib/migrate/runs/*/journal.jsonl']);
    return readEvents(Buffer.from(stdout), 'the journal').events;
  }

  async types(): Promise<string[]> {
    const told = (await this.events()).filter(({ type }) => /^(rollback|undo|later-writes)\./.test(type));
    return told.map((event) => ('step' in event ? `${event.type} ${event.step}` : event.type));
  }

  /** Which disk the running system is on: what stands at /nix, and where its own files are read from. */
  async livesOn(): Promise<'the SSD' | 'the old disk' | 'neither'> {
    const over = await this.sh('findmnt -no SOURCE /nix');
    const [here, ssd, current] = await Promise.all([
      this.sh('stat -c %d:%i /nix/.'),
      this.sh('stat -c %d:%i /mnt/wsl/storage/nixos-wsl-main'),
      this.sh('stat -L -c %d /run/current-system'),
    ]);
    const consistent = current === here.split(':')[0];
    if (over === '') return consistent && here !== ssd ? 'the old disk' : 'neither';
    return consistent && here === ssd && over.includes('[/nixos-wsl-main]') ? 'the SSD' : 'neither';
  }

  /** Where the next boot leads: WSL boots from the tree beneath every mount. */
  profileBeneath = () =>
    this.sh(
      `unshare -m --propagation private sh -c 'mount --bind / /mnt && readlink /mnt/nix/var/nix/profiles/system'`,
    );
}

const onMachine = (work: (machine: Machine) => Promise<void>) =>
  inStoreWorld((world) => work(new Machine(world)));

/** A path that somebody adds while the machine lives on the SSD, held by a profile of theirs. */
const addLater = `
  set -eu
  echo 'built after the switch' >/tmp/later
  path=$(nix-store --add /tmp/later)
  mkdir -p /nix/var/nix/profiles/per-user/admin
  ln -s "$path" /nix/var/nix/profiles/per-user/admin/later
  echo "$path"
`;

// Two at a time, since each has a world to itself.
describe.skipIf(!isRoot).concurrent('a machine that lives on the SSD', () => {
  it('goes back by the profile first, a reboot, the proof of the old boot, and then the rest, killed at every undo', () =>
    onMachine(async (machine) => {
      const { world, said } = machine;
      const before = await machine.look();
      const profile = await machine.profileBeneath();
      await machine.goOnto('store-read-only');
      expect(await machine.livesOn()).toBe('the SSD');
      expect(await machine.profileBeneath()).not.toBe(profile);
      const path = await machine.sh(addLater);

      // The system to go back to is no more beneath: that is said before anything is undone.
      const beneath = (script: string) =>
        machine.sh(
          `unshare -m --propagation private sh -c 'mount --bind / /mnt && cd /mnt/nix/var/nix/profiles && ${script}'`,
        );
      await beneath(`mv ${profile} hidden`);
      const refused = await machine.rollback(['--later-writes', 'drop']);
      expect(refused.exitCode, refused.stdout).toBe(5);
      expect(refused.stdout).toContain('next-boot: the system before it, beneath the mount: ');
      await beneath(`mv hidden ${profile}`);
      expect(await machine.types()).toEqual([]);

      const killedAt: string[] = [];
      let recorded = '';
      let again = false;
      let waits = 0;
      for (let call = 0; ; call += 1) {
        expect(call, said.slice(-6).join('')).toBeLessThan(80);
        // Each undo in its turn: in the middle, and between its end and its record. One that no probe can
        // tell of runs again each time, so then the next one is killed.
        const atEnd = again ? 'before-undo-record::2' : 'before-undo-record';
        const point = call % 2 === 0 ? 'mid-undo' : atEnd;
        const { killed, exitCode } = await machine.rollback(['--later-writes', 'drop'], point);
        if (killed) {
          const at = (await machine.types()).findLast((type) => type.startsWith('undo.started')) ?? '';
          killedAt.push(at);
          if (point !== 'mid-undo') {
            again = at === recorded;
            recorded = at;
          }
          continue;
        }
        if (exitCode === 0) break;
        expect(exitCode, said.slice(-3).join('')).toBe(3);
        waits += 1;
        // Only the profile was put back, and the machine still lives on the SSD.
        expect(await machine.livesOn()).toBe('the SSD');
        expect(await machine.profileBeneath()).toBe(profile);
        const undone = (await machine.types()).filter((type) => type.startsWith('undo.completed'));
        expect(undone).toEqual(['undo.completed next-boot']);
        if (waits === 1) continue;
        await world.reboot();
        expect(await machine.livesOn()).toBe('the old disk');
      }
      expect(waits).toBe(2);

      const types = await machine.types();
      expect(new Set(types.filter((type) => type.startsWith('undo.started')))).toEqual(new Set(killedAt));
      expect(killedAt.length).toBeGreaterThan(12);
      const place = (type: string) => types.lastIndexOf(type);
      expect(place('undo.completed next-boot')).toBeLessThan(place('rollback.reboot-entered'));
      expect(place('rollback.reboot-entered')).toBeLessThan(place('rollback.reboot-passed'));
      expect(place('rollback.reboot-passed')).toBeLessThan(
        types.findIndex((type) => type.startsWith('undo.started') && !type.endsWith('next-boot')),
      );
      expect(types.at(-1)).toBe('rollback.completed');
      const aside = `/mnt/wsl/storage/nixos-wsl-main.migrate-dropped-${machine.run}`;
      expect(await machine.sh(`cat ${aside}/store/*-later`)).toBe('built after the switch');
      expect(await machine.sh(`nix-store --check-validity ${path} 2>/dev/null; echo $?`)).not.toBe('0');
      await machine.sh(`rm -r ${aside}`);
      const after = await machine.look();
      const times = [...anyTime, '/mnt/wsl/storage'];
      expect(compareSnapshots(before.tree, after.tree, { except, anyTime: times })).toEqual([]);
      expect({ paths: after.paths, units: after.units }).toEqual({
        paths: before.paths,
        units: before.units,
      });
    }));

  it('stops before anything is undone while nobody has decided about what was built there, and carries it back', () =>
    onMachine(async (machine) => {
      const { world, sh, said } = machine;
      const profile = await machine.profileBeneath();
      await machine.goOnto('mounted');
      const path = await sh(addLater);
      expect(path).toMatch(/^\/nix\/store\/\w{32}-later$/);
      const shown = await callMigrate(world, ['status', machine.run, '--probe']);
      expect(shown.stdout).toContain(`+ warm-copy: the old tree\n`);
      expect(shown.stdout).toContain('+ next-boot: the system before it, beneath the mount\n');
      expect(shown.stdout).toContain('2 new, 0 changed, 0 deleted');
      expect(shown.stdout).toContain(`store/${path.slice('/nix/store/'.length)}`);

      const asked = await machine.rollback();
      expect(asked.exitCode, asked.stdout).toBe(3);
      expect(asked.stdout + asked.stderr).toContain('--later-writes carry-back');
      expect(await machine.types()).toEqual([]);
      expect(await machine.livesOn()).toBe('the SSD');

      expect((await machine.rollback(['--later-writes', 'carry-back'])).exitCode).toBe(3);
      await world.reboot();
      expect(await machine.livesOn()).toBe('the old disk');
      expect(await sh(`nix-store --check-validity ${path} 2>/dev/null; echo $?`)).not.toBe('0');
      // Keeping what is replaced, carrying links, copying paths, reading them again.
      for (const command of [1, 2, 3, 4]) {
        const { killed } = await machine.rollback([], `mid-undo:carry-generation:${command}`);
        expect(killed, said.slice(-3).join('')).toBe(true);
        expect(await sh('nix-store --verify --check-contents >/dev/null 2>&1; echo $?')).toBe('0');
      }
      const done = await machine.rollback();
      expect(done.exitCode, done.stdout + done.stderr).toBe(0);
      expect(await sh(`cat ${path}`)).toBe('built after the switch');
      expect(await sh('readlink /nix/var/nix/profiles/per-user/admin/later')).toBe(path);
      expect(await sh('nix-store --verify --check-contents >/dev/null 2>&1; echo $?')).toBe('0');
      expect(await sh(`nix-store --gc >/dev/null 2>&1; nix-store --check-validity ${path}; echo $?`)).toBe(
        '0',
      );
      expect(await machine.profileBeneath()).toBe(profile);
      expect(await sh('ls /mnt/wsl/storage/nixos-wsl-main')).toBe('');
      await world.reboot();
      expect(await machine.livesOn()).toBe('the old disk');
    }));
});
