import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rehearse, rehearseRollback } from '../../../src/rehearsal/rehearse.ts';
import { compareSnapshots } from '../../../src/rehearsal/snapshot-difference.ts';
import { buildWorld, type World } from '../../../src/rehearsal/world.ts';
import type { RehearsalPlan } from '../../../src/runbook/index.ts';
import { builtProgram, placeForWorlds } from '../../rehearsal/built-program.ts';

const uuid = '5a1d7c3e-0f62-4b8e-9c47-2d6e8f10a3b5';
const ssd = '/mnt/wsl/storage/nixos-wsl-main';
const hostFile = '/home/admin/nixcfg/hosts/thinky-nixos/default.nix';
const rebuild = 'nixos-rebuild boot --flake /home/admin/nixcfg#thinky-nixos';
const plan: RehearsalPlan = {
  disks: [
    { name: 'ssd', mountPoint: '/mnt/wsl/storage', uuid, megabytes: 256 },
    {
      name: 'backup',
      mountPoint: '/mnt/backup',
      uuid: '0c3b9a52-7d84-4e16-8f2a-6b5e4d3c2a19',
      megabytes: 64,
    },
  ],
  nixosWsl: {
    flake: '/home/admin/nixcfg',
    host: 'thinky-nixos',
    hostFile: 'hosts/thinky-nixos/default.nix',
    option: 'bindMountNixStore',
    mountUnit: 'wsl-storage-mount.service',
    seed: 1,
    storePaths: 8,
  },
};
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('skipped: these worlds need root');

const copyAndSwitch = `
  set -e
  sed -i 's/bindMountNixStore = false/bindMountNixStore = true/' ${hostFile}
  ${rebuild} 2>&1
  rsync -aHAX --numeric-ids --sparse /nix/ ${ssd}/`;
/** The old copy, as it lies beneath everything. */
const beneath =
  'mkdir -p /run/beneath && mountpoint -q /run/beneath || mount --bind / /run/beneath && mount --make-private /run/beneath';

describe.skipIf(!isRoot).each(['auto', 'fake'] as const)('a NixOS-WSL world with %s Nix', (nix) => {
  let parent: string;
  let world: World;
  const sh = async (script: string) => {
    const result = await world.run(['sh', '-c', script]);
    return `${result.stdout}${result.stderr}`.trim();
  };
  beforeEach(async () => {
    parent = mkdtempSync(join(placeForWorlds(), 'worlds-'));
    world = await buildWorld(plan, { parent, nix });
  });
  afterEach(async () => {
    await world.destroy();
    const left = readdirSync(parent);
    rmSync(parent, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  });

  it('has a store whose hashes hold, and finds a changed file', async () => {
    expect(await sh('nix-store --verify --check-contents >/dev/null 2>&1; echo $?')).toBe('0');
    expect(Number(await sh('nix path-info --all 2>/dev/null | wc -l'))).toBeGreaterThan(12);
    expect(await sh('/run/current-system/sw/bin/hello')).toMatch(/^Hello from \/nix\/store\/.*-hello-2\.12$/);
    const changed = `mount -o remount,bind,rw /nix/store; f=$(readlink -f /run/current-system/sw/bin/hello)
      chmod u+w $f; sed -i s/Hello/Hullo/ $f; nix-store --verify --check-contents 2>&1; echo $?`;
    expect(await sh(changed)).toMatch(/-hello-2\.12.* was modified[\s\S]*\n1$/);
  });

  it('has what a copy easily loses', async () => {
    const { entries } = await world.snapshot(['/nix']);
    const all = Object.entries(entries);
    const store = all.filter(([path]) => /^\/nix\/store\/[a-z0-9]{32}-/.test(path));
    expect(new Set(store.map(([, { mtime }]) => mtime))).toEqual(new Set(['1000000000']));
    const files = store.filter(([, { kind }]) => kind === 'file');
    expect(new Set(files.map(([, { mode }]) => mode))).toEqual(new Set([0o444, 0o555]));
    expect(all.some(([path]) => path.startsWith('/nix/store/.links/'))).toBe(true);
    expect(store.some(([, { sameFileAs }]) => sameFileAs?.startsWith('/nix/store/.links/'))).toBe(true);
    expect(store.some(([, { kind }]) => kind === 'symlink')).toBe(true);
    expect(all.some(([path]) => path.endsWith('/line\nbreak'))).toBe(true);
    expect(entries['/nix/var/odd/sparse']).toMatchObject({ sparse: true });
    expect(entries['/nix/var/odd/attributed']?.xattrs).toEqual({ 'user.origin': '0x72656865617273616c' });
    expect(entries['/nix/var/odd/a folder']).toMatchObject({ mode: 0o2750, uid: 1000 });
  });

  it('boots from the old copy beneath, and then lives on the disk', async () => {
    await sh(copyAndSwitch);
    const initBefore = await sh('readlink -f /sbin/init');
    await world.reboot();
    expect(await sh('findmnt -no SOURCE /nix')).toMatch(/^\/dev\/loop\d+\[\/nixos-wsl-main\]$/);
    expect(await sh(`blkid -p -s UUID -o value $(findmnt -no SOURCE /mnt/wsl/storage)`)).toBe(uuid);
    expect(await sh('readlink -f /sbin/init')).toBe(initBefore);
    expect(await sh('nix-store --verify --check-contents >/dev/null 2>&1; echo $?')).toBe('0');
    expect(await sh('/run/current-system/sw/bin/hello')).toContain('Hello');
    const garbage =
      'p=$(nix-store --add /etc/hosts); nix-store --delete $p >/dev/null 2>&1; [ -e $p ]; echo $?';
    expect(await sh(garbage)).toBe('1');
    const old = `${beneath}; ls /run/beneath/nix/store | wc -l; ls /nix/store | wc -l`;
    expect(new Set((await sh(old)).split('\n')).size).toBe(1);
  });

  it('no longer boots once the old copy beneath is gone', async () => {
    await sh(copyAndSwitch);
    await world.reboot();
    // The shim's bind makes the folder itself busy.
    await sh(`${beneath}; cd /run/beneath/nix; mkdir gone; mv store/* store/.links gone`);
    await expect(world.reboot()).rejects.toThrow(
      /no longer boots: \/sbin\/init is a symlink to \/nix\/store\/.*-systemd-shim/,
    );
    await world.rescue(['sh', '-c', 'rmdir /nix/store && mv /nix/gone /nix/store']);
    await world.reboot();
    expect(await sh('systemctl is-system-running')).toBe('running');
  });

  it('no longer boots once the system profile beneath is gone', async () => {
    await sh(copyAndSwitch);
    await world.reboot();
    await sh(`${beneath}; rm -r /run/beneath/nix/var/nix/profiles`);
    await expect(world.reboot()).rejects.toThrow(/profiles\/system\/activate/);
  });

  it('goes on booting the old system after a rebuild, unless the configuration carries it beneath', async () => {
    await sh(copyAndSwitch);
    await world.reboot();
    const newLabel = (label: number) =>
      `sed -i 's/label = "[0-9]*"/label = "${label}"/' ${hostFile}; ${rebuild} 2>&1`;
    await sh(newLabel(7));
    await world.reboot();
    expect(
      await sh('cat /run/booted-system/nixos-version; cat /nix/var/nix/profiles/system/nixos-version'),
    ).toBe('2\n7');
    const hook = `system.build.installBootLoader = lib.mkForce (pkgs.writeShellScript "carry-beneath" ''
      set -eu
      beneath=\\$(mktemp -d); mount --bind / "\\$beneath"; mount --make-private "\\$beneath"
      nix-store --query --requisites "\\$1" | while read -r path; do
        [ -e "\\$beneath\\$path" ] || cp -a "\\$path" "\\$beneath\\$path"
      done
      ln -sfnT "\\$1" "\\$beneath/nix/var/nix/profiles/system"
      umount "\\$beneath"
    '');`;
    await world.run([
      'sh',
      '-c',
      `cat > /tmp/hook <<END\n${hook}\nEND\nsed -i '/imports = /,/];/{/];/r /tmp/hook\n}' ${hostFile}`,
    ]);
    expect(await sh(newLabel(8))).toMatch(/building/);
    await world.reboot();
    expect(await sh('cat /run/booted-system/nixos-version')).toBe('8');
    expect(await sh('grep -c carry-beneath /run/current-system/bin/switch-to-configuration')).toBe('1');
  });

  it('comes up without the disk, degraded and on the old copy', async () => {
    await sh(copyAndSwitch);
    await sh(`mv /dev/disk/by-uuid/${uuid} /dev/away`);
    await world.reboot();
    expect(await sh('findmnt -no SOURCE /nix; systemctl is-system-running')).toBe('degraded');
    expect(await sh('systemctl show wsl-storage-mount.service -p ActiveState,Result,ExecMainStatus')).toBe(
      'ActiveState=failed\nResult=exit-code\nExecMainStatus=1',
    );
    expect(await sh('journalctl -u wsl-storage-mount.service --no-pager -n 5')).toContain(
      'no disk with the UUID',
    );
  });

  it('is the same again after a rollback of the system by hand', async () => {
    const before = await world.snapshot(['/nix/store', '/home', '/sbin']);
    await sh(copyAndSwitch);
    await sh(`sed -i 's/bindMountNixStore = true/bindMountNixStore = false/' ${hostFile}
      nix-env --profile /nix/var/nix/profiles/system --rollback
      nix-env --profile /nix/var/nix/profiles/system --delete-generations 3
      /nix/var/nix/profiles/system/bin/switch-to-configuration boot; nix-collect-garbage`);
    const difference = compareSnapshots(before, await world.snapshot(['/nix/store', '/home', '/sbin']), {
      except: ['/nix/store'],
      anyTime: ['/home/admin/nixcfg/hosts/thinky-nixos', hostFile],
    });
    expect(difference).toEqual([]);
    expect(await sh('readlink /nix/var/nix/profiles/system')).toBe('system-2-link');
  });

  it('is restarted by wsl.exe: all is lost at --shutdown, the shared mounts stay at --terminate', async () => {
    const boot = 'cat /proc/sys/kernel/random/boot_id; cut -d" " -f22 /proc/1/stat';
    const [bootId, start] = (await sh(`echo shared > /mnt/wsl/shared; ${boot}`)).split('\n');
    expect(await world.run(['wsl.exe', '--terminate', 'NixOS'])).toMatchObject({ rebooted: true });
    const terminated = (
      await sh(`cat /mnt/wsl/shared; ${boot}; findmnt -no SOURCE /mnt/wsl/storage | wc -l`)
    ).split('\n');
    expect(terminated.slice(0, 2)).toEqual(['shared', bootId]);
    expect(terminated[2]).not.toBe(start);
    expect(terminated[3]).toBe('1');
    expect(await world.run(['wsl.exe', '--shutdown'])).toMatchObject({ rebooted: true });
    expect(await sh(`ls /mnt/wsl; cat /proc/sys/kernel/random/boot_id`)).not.toContain(bootId);
    expect((await world.run(['wsl.exe', '--terminate', 'Other'])).exitCode).toBe(255);
  });
});

describe.skipIf(!isRoot).each([
  { disks: 'auto', nix: 'auto' },
  { disks: 'auto', nix: 'fake' },
  { disks: 'folders', nix: 'auto' },
] as const)('the operations in a NixOS-WSL world (disks: $disks, Nix: $nix)', ({ disks, nix }) => {
  it('find the Nix, the units and the systems that they work on, and go back', async () => {
    await using world = await buildWorld(plan, { disks, nix, program: await builtProgram() });
    const trees = ['/sbin', '/run/systemd', '/nix/var/nix/profiles/system', '/home'];
    const before = await world.snapshot(trees);
    let said = '';
    const options = { onOutput: (text: string) => (said += text) };
    const runbook = join(import.meta.dirname, '..', '..', 'rehearsal', 'runbooks', 'nixos-tools.ts');
    const forward = await rehearse(world, { runbook, ...options });
    expect(forward.outcome, said).toBe('done');
    expect((await world.run(['cat', '/run/booted-system/nixos-version'])).stdout).toBe('3\n');
    const back = await rehearseRollback(world, options);
    expect(back, said).toMatchObject({ outcome: 'done', reboots: 1 });
    expect((await world.run(['cat', '/run/booted-system/nixos-version'])).stdout).toBe('2\n');
    const { snapshot } = world;
    const difference = compareSnapshots(before, await snapshot(trees), { except: ['/home', '/run/systemd'] });
    // A rollback is a generation of its own, as nix-env has it.
    expect(difference.filter((line) => !line.startsWith('/nix/var/nix/profiles'))).toEqual([]);
  });
});
