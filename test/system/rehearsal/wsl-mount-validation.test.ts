import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rehearsal } from '../../../runbooks/wsl-mount-validation/rehearsal.ts';
import type { RunState } from '../../../src/journal/state.ts';
import {
  callMigrate,
  goOnRehearsing,
  readRunEvents,
  rehearse,
  rehearseRollback,
} from '../../../src/rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { RehearsalPlan } from '../../../src/runbook/index.ts';
import { isRoot, shellOf } from './wsl-nix-store-world.ts';

const runbook = 'wsl-mount-validation';
const params = { ...rehearsal.params, windowsRestarts: ['fast-startup'] };
const hostFile = '/home/admin/nixcfg/hosts/thinky-nixos/default.nix';
const folder = '/mnt/wsl/storage/nixos-wsl-main';

async function inWorld(plan: RehearsalPlan, work: (world: World) => Promise<void>): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'wsl-mount-'));
  try {
    await using world = await buildWorld(plan, { parent });
    await work(world);
  } finally {
    expect(readdirSync(parent)).toEqual([]);
    rmSync(parent, { recursive: true, force: true });
  }
}

/** What each check found last, by its id; those that were not asked are left out. */
async function verdicts(world: World): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const event of await readRunEvents(world)) {
    if (event.type === 'step.completed' || event.type === 'step.failed') {
      const finding = event.type === 'step.completed' ? event.output : event.finding;
      const verdict = (finding as { verdict?: string } | undefined)?.verdict;
      if (verdict !== undefined) found[event.step] = verdict;
    }
  }
  return found;
}

const statusOf = (state: RunState | undefined) => state?.status;
const asItWas = `findmnt -no SOURCE,OPTIONS /mnt/wsl/storage; systemctl is-active wsl-storage-mount.service
  ls -A /mnt/wsl/storage /mnt/wsl/storage/nixos-wsl-main; systemctl list-units --no-legend | grep -c migrate
  ls /nix/store | grep migrate | grep -vc lock; nix path-info --all | sort`;

// Two at a time, since each has a world to itself.
describe.skipIf(!isRoot).concurrent('wsl-mount-validation in its world', () => {
  it('finds a sound machine sound, although it is killed with the disk unmounted, and leaves it as it was', () =>
    inWorld(rehearsal, async (world) => {
      const sh = shellOf(world);
      const before = await sh(asItWas);
      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const given = { surroundings: rehearsal, onOutput };
      // Killed while nothing is mounted, and taken back from there.
      await world.run(['sh', '-c', 'cat >/.world/given.json'], { input: JSON.stringify(params) });
      const crash = 'mid-act:by-windows:3';
      const script = '/mnt/c/Users/admin/wsl/mount-storage.ps1';
      await sh(`cp ${script} /root/script; echo '# does nothing' >${script}`);
      const until = 'fallback';
      const killed = await callMigrate(
        world,
        ['run', runbook, '--params', '/.world/given.json', '--yes', '--until', until],
        { crash, onOutput },
      ).catch(() => undefined);
      expect(killed?.signal, said.join('')).toBe('SIGKILL');
      expect(await sh('findmnt -no SOURCE /mnt/wsl/storage')).toBe('');
      expect(statusOf((await rehearseRollback(world, given)).state), said.join('')).toBe('rolled-back');
      expect(await sh(asItWas)).toBe(before);
      await sh(`cp /root/script ${script}`);

      const done = await rehearse(world, { runbook, params, crash: 'mid-act:unmount', ...given });
      expect(done, said.join('')).toMatchObject({ outcome: 'done', crashes: 1, reboots: 3 });
      const found = await verdicts(world);
      expect(Object.keys(found)).toHaveLength(14);
      expect(new Set(Object.values(found))).toEqual(new Set(['PASS']));
      expect(await sh(asItWas)).toBe(before);
    }));

  it('finds each defect that is planted, and goes on to the others', () =>
    inWorld(rehearsal, async (world) => {
      const sh = shellOf(world);
      // The one is what makes the unit look after its mount, the other its tries.
      await sh(`sed -i 's/watch = true;/retries = "1";/' ${hostFile}
        nixos-rebuild boot --flake /home/admin/nixcfg#thinky-nixos`);
      await world.reboot();
      await sh(`chown root ${folder}; chmod 755 ${folder}
        head -c 2000000 /dev/zero >/var/log/wsl-mount.log
        rm /mnt/c/Users/admin/wsl/mount-storage.ps1
        echo '{"__REALTIME_TIMESTAMP":"1","PRIORITY":"4","UNIT":"sysinit.target","MESSAGE":"sysinit.target: Found ordering cycle on wsl-storage-mount.service/start"}' >>/var/log/world-journal/all`);
      const other = ['--set', 'storageUuid=00000000-0000-4000-8000-000000000000'];
      const asked = [...other, '--set', 'user=admin', '--set', 'fallbackScript=/x'];
      const checked = await callMigrate(world, ['check', runbook, ...asked]);
      expect([checked.exitCode, checked.stdout]).toEqual([1, expect.stringMatching(/FAIL +mounted/)]);

      const said: string[] = [];
      const onOutput = (text: string) => void said.push(text);
      const given = { surroundings: rehearsal, onOutput };
      const some = { ...params, windowsRestarts: [] };
      await rehearse(world, { runbook, params: some, until: 'begin-writes', ...given });
      await goOnRehearsing(world, { until: 'begin-writes', ...given });
      await world.reboot('terminate');
      await sh('truncate -s 2000 /mnt/wsl/storage/.migrate-writes-*/slot-1');
      await goOnRehearsing(world, given);
      expect(await verdicts(world), said.join('')).toEqual({
        ...{ unit: 'PASS', mounted: 'PASS', log: 'FAIL', 'boot-order': 'FAIL', 'may-write': 'FAIL' },
        ...{ late: 'FAIL', never: 'FAIL', recovery: 'FAIL', fallback: 'FAIL' },
        ...{ 'after-wsl': 'PASS', 'boot-order-again': 'FAIL', files: 'FAIL', stores: 'PASS' },
      });
      expect(await sh('ls -A /mnt/wsl/storage')).not.toContain('.migrate');
      expect(await sh('findmnt -no SOURCE /mnt/wsl/storage')).not.toBe('');
    }));

  it('unmounts nothing that the system lives on, and finds a user who may still write to it', () => {
    const plan = { ...rehearsal, nixosWsl: { ...rehearsal.nixosWsl, onDisk: true } } as RehearsalPlan;
    return inWorld(plan, async (world) => {
      const sh = shellOf(world);
      await sh(`touch /root/before; chown admin ${folder}`);
      const mounts = await sh('findmnt -rno TARGET,SOURCE | grep -E "nix|storage"');
      await rehearse(world, { runbook, params, until: 'fallback', surroundings: rehearsal });
      expect(await verdicts(world)).toMatchObject({
        ...{ mounted: 'PASS', 'may-write': 'FAIL', late: 'PASS', recovery: 'BLOCKED', fallback: 'BLOCKED' },
      });
      expect(await sh('findmnt -rno TARGET,SOURCE | grep -E "nix|storage"')).toBe(mounts);
      await sh(`chown root ${folder}`);
      const run = ((await readRunEvents(world))[0] as { run?: string } | undefined)?.run ?? '';
      expect((await callMigrate(world, ['abort', run, '--yes'])).exitCode).toBe(0);
      await rehearse(world, { runbook, params, until: 'may-write', surroundings: rehearsal });
      expect((await verdicts(world))['may-write']).toBe('PASS');
    });
  });
});
