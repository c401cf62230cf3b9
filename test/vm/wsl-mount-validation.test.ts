import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { journalThere, migrateThere, until } from './migrate-there.ts';
import { cannotBoot, newMachine, type Machine } from './nspawn.ts';

const obstacle = cannotBoot();
if (obstacle !== undefined) console.log(`the mount of a WSL machine: skipped, since ${obstacle}`);

const runbook = 'wsl-mount-validation';
const unit = 'wsl-storage-mount.service';
const uuid = '5a1d7c3e-0f62-4b8e-9c47-2d6e8f10a3b5';
const link = `/dev/disk/by-uuid/${uuid}`;
const point = '/mnt/wsl/storage';

/** As the unit's script on a real machine, which waits a second between its tries. */
const script = `#!/bin/sh
tries=0
while [ ! -b ${link} ]; do
  tries=$((tries + 1))
  if [ $tries -ge 30 ]; then
    echo "no disk with the UUID ${uuid} after $tries tries"
    exit 1
  fi
  sleep 0.1
done
mkdir -p ${point}
mountpoint -q ${point} || mount -t ext4 ${link} ${point}
echo "${point} is mounted"
`;
const unitWith = (service: string) => `[Unit]
Description=Mount the storage disk
[Service]
Environment=PATH=/usr/sbin:/usr/bin
${service}
[Install]
WantedBy=multi-user.target
`;
const once = unitWith('Type=oneshot\nRemainAfterExit=yes\nExecStart=/opt/mount-storage');
const watching = unitWith(
  `Type=exec\nRestart=on-failure\nExecStartPre=/opt/mount-storage\nExecStart=/bin/sh -c "while sleep 0.3; do mountpoint -q ${point} || /opt/mount-storage; done"`,
);

let machine: Machine;
let folder: string;
let device: string;

const property = async (name: string) => (await machine.ask('systemctl', 'show', '-P', name, unit)).trim();
const mounted = async () => (await machine.ask('findmnt', '-no', 'TARGET', point)).trim();
const said = () => machine.ask('journalctl', '--boot', '--no-pager', '--output=cat', `--unit=${unit}`);
/** What udev would do. */
const node = () => [
  `b /dev/${device} 0660 root root - 7:${device.slice('loop'.length)}`,
  `L+ ${link} - - - - /dev/${device}`,
];
const disk = '/etc/tmpfiles.d/disk.conf';
const bringDisk = () => machine.ask('systemd-tmpfiles', '--create', '/etc/tmpfiles.late/disk.conf');

function verdicts(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const event of journalThere(machine, runbook)) {
    if (event.type !== 'step.completed' && event.type !== 'step.failed') continue;
    const finding = event.type === 'step.completed' ? event.output : event.finding;
    const verdict = (finding as { verdict?: string } | null | undefined)?.verdict;
    if (verdict !== undefined) found[event.step] = verdict;
  }
  return found;
}
const params = [
  ...['--set', `storageUuid=${uuid}`, '--set', 'user=nobody', '--set', 'fallbackScript=/mnt/c/none.ps1'],
  ...['--set', 'lateSeconds=0.5', '--set', 'recoverSeconds=3', '--set', 'windowsRestarts=[]'],
];
const forget = () => rmSync(join(machine.root, 'var/lib/migrate'), { recursive: true, force: true });

describe.skipIf(obstacle !== undefined)('the mount of a WSL machine, by a real systemd', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wsl-mount-'));
    const image = join(folder, 'disk.img');
    writeFileSync(image, '');
    truncateSync(image, 64 * 1024 * 1024);
    execFileSync('mkfs.ext4', ['-q', '-F', '-U', uuid, image]);
    device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' })
      .trim()
      .slice('/dev/'.length);
    machine = newMachine();
    machine.write('/opt/mount-storage', script);
    execFileSync('chmod', ['+x', join(machine.root, 'opt/mount-storage')]);
    // The only one that runs, as Windows would say.
    machine.write('/usr/bin/wsl.exe', '#!/bin/sh\necho NixOS\n');
    execFileSync('chmod', ['+x', join(machine.root, 'usr/bin/wsl.exe')]);
    machine.write(`/etc/systemd/system/${unit}`, once);
    machine.write('/etc/tmpfiles.late/disk.conf', `${node().join('\n')}\n`);
    execFileSync('mkdir', ['-p', join(machine.root, 'etc/systemd/system/multi-user.target.wants')]);
    execFileSync('ln', [
      '-s',
      `/etc/systemd/system/${unit}`,
      join(machine.root, 'etc/systemd/system/multi-user.target.wants', unit),
    ]);
  });
  afterAll(async () => {
    await machine.end();
    execFileSync('losetup', ['--detach', `/dev/${device}`]);
    rmSync(folder, { recursive: true });
  });

  test('fails after thirty tries where no disk comes, and mounts one that comes late in the boot', async () => {
    await machine.boot();
    expect([await property('ActiveState'), await mounted()]).toEqual(['failed', '']);
    expect(await said()).toContain('after 30 tries');

    const booting = machine.reboot();
    await until(
      'the unit tries',
      async () => (await property('ActiveState').catch(() => '')) === 'activating',
    );
    await bringDisk();
    await booting;
    expect([await property('ActiveState'), await mounted()], await said()).toEqual(['active', point]);
  });

  test('is found to be given up by a unit that takes itself for done, and is mounted again all the same', async () => {
    machine.write(disk, `${node().join('\n')}\n`);
    await machine.reboot();
    await machine.ask('mkdir', '-p', `${point}/nixos-wsl-main`);
    await machine.ask('chown', 'nobody', `${point}/nixos-wsl-main`);
    const run = await migrateThere(machine, 'run', runbook, ...params, '--yes', '--until', 'recovery');
    expect(verdicts(), run.stdout + run.stderr).toEqual({
      ...{ unit: 'PASS', mounted: 'PASS', log: 'PASS', 'boot-order': 'PASS', 'may-write': 'PASS' },
      ...{ late: 'PASS', never: 'PASS', recovery: 'FAIL' },
    });
    expect(run.stdout).toContain('RemainAfterExit');
    expect(await mounted()).toBe(point);
    forget();
  });

  test('comes back by a unit that looks after it, and loses nothing when all ends in the middle of writes', async () => {
    machine.write(`/etc/systemd/system/${unit}`, watching);
    await machine.reboot();
    const first = await migrateThere(machine, 'run', runbook, ...params, '--yes');
    expect(first.exitCode, first.stdout + first.stderr).toBe(3);
    await machine.reboot();
    const second = await migrateThere(machine, 'resume', runbook, '--yes');
    expect(second.stdout + second.stderr).toContain('wsl.exe --terminate');
    await machine.cut();
    await machine.boot();
    const last = await migrateThere(machine, 'resume', runbook, '--yes');
    expect(verdicts(), last.stdout + last.stderr).toEqual({
      ...{ unit: 'PASS', mounted: 'PASS', log: 'PASS', 'boot-order': 'PASS', 'may-write': 'PASS' },
      ...{ late: 'PASS', never: 'PASS', recovery: 'PASS', fallback: 'FAIL', 'after-wsl': 'PASS' },
      // There is no Nix.
      ...{ 'boot-order-again': 'PASS', files: 'PASS', stores: 'BLOCKED' },
    });
    expect(await machine.ask('ls', '-A', point)).not.toContain('.migrate');
    expect(await mounted()).toBe(point);
  });
});
