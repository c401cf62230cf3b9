import { chmodSync, copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SystemDisksPlan } from '../runbook/index.ts';
import { hostCommand } from './command.ts';
import type { Disks } from './disks.ts';
import type { WorldLayout } from './layout.ts';
import { fixture } from './package-root.ts';
import type { RunResult } from './protocol.ts';
import { oldEsp, oldRoot } from './system-disks-files.ts';
import { movedFiles, movedScript } from './system-disks-moved.ts';
import { WorldError } from './world-error.ts';

/** The UUID of the stick. */
const travel = '9b2f6f0e-1c7d-4f5a-8a3e-6f1d2c3b4a50';

/** Makes the disks, and tells the world's fakes of them; gives the names by devices. */
export async function addSystemDisks(
  layout: WorldLayout,
  disks: Disks,
  machine: SystemDisksPlan,
): Promise<ReadonlyMap<string, string>> {
  const { shared, root } = layout;
  const added = new Map<string, string>();
  const known = [];
  for (const { name, serial, megabytes, from = 'old' } of machine.disks) {
    const path = await disks.addRaw(name, megabytes, { partitions: true });
    added.set(name, path);
    const boots = from === 'old' ? ['old', 'installer', 'new'] : ['installer', 'new'];
    known.push({ name, path, serial: serial ?? null, model: 'World', boots });
  }
  const stick = { name: 'travel', mountPoint: '/mnt/travel', uuid: travel, megabytes: 96 };
  const { device } = await disks.add(stick);
  added.set('travel', device);
  symlinkSync(`../..${device.slice('/dev'.length)}`, join(root, 'dev/disk/by-uuid', travel));
  known.push({
    name: 'travel',
    path: device,
    serial: 'STICK-1',
    model: 'Stick',
    boots: ['old', 'installer', 'new'],
  });
  const write = (name: string, text: string) => writeFileSync(join(shared, name), text);
  write('disks.json', JSON.stringify(known));
  write('serials', known.map(({ path, serial }) => `${path} ${serial ?? '-'}\n`).join(''));
  for (const name of ['old', 'new']) write(`disk-${name}`, `${added.get(name)}\n`);
  write('travel-uuid', `${travel}\n`);
  write(
    'boots',
    Object.entries(machine.boots)
      .map(([gate, boot]) => `${gate} ${boot}\n`)
      .join(''),
  );
  write('boot-target', `${machine.begins ?? 'old'}\n`);
  write('kernel-modules', (machine.kernelModules ?? ['nvme', 'xhci_pci']).map((one) => `"${one}"`).join(' '));
  mkdirSync(join(shared, 'esp'));
  return added;
}

/**
 * Installs the old system onto the old disk, and the installer beside it, and the system that has moved onto the new disk,
 * where there is one; from the next boot on the world boots from them.
 *
 * @throws WorldError `world.install` when one of the commands fails
 */
export async function installSystemDisks(installation: {
  readonly layout: WorldLayout;
  readonly machine: SystemDisksPlan;
  /** Folders of the host that every root shows. */
  readonly borrowed: readonly string[];
  readonly run: (argv: readonly string[]) => Promise<RunResult>;
}): Promise<void> {
  const { layout, machine, borrowed, run } = installation;
  const { root, shared } = layout;
  const { flake, host } = machine;
  writeFileSync(join(shared, 'borrowed'), borrowed.map((path) => `${path}\n`).join(''));
  writeFileSync(join(shared, 'nixos.json'), JSON.stringify({ machine: 'system-disks', host }));
  // What programs look up in /etc on every root, whatever its configuration says.
  cpSync(join(root, 'etc'), join(shared, 'etc'), { recursive: true, verbatimSymlinks: true });
  for (const own of ['fstab', 'machine-id', 'ssh', 'NIXOS']) {
    await hostCommand('rm', '-rf', join(shared, 'etc', own));
  }
  mkdirSync(join(root, 'installer'));
  const script = `
    set -eu
    disk=$(cat /.world/disk-old)
    sgdisk --clear --new=1:0:+40M --typecode=1:EF00 --new=2:0:0 "$disk" >/dev/null
    partx --update "$disk"
    udevadm settle
    mkfs.vfat -F 32 -i ${oldEsp.replace('-', '')} -n OLDESP "$disk"p1 >/dev/null
    mkfs.ext4 -q -U ${oldRoot} -E lazy_itable_init=0 "$disk"p2
    udevadm settle
    mkdir -p /target
    mount "$disk"p2 /target
    mkdir -p /target/nix /target/boot/efi /nix
    mount -t vfat "$disk"p1 /target/boot/efi
    mount --bind /target/nix /nix
    # The machine's own state, which was written to the board's disk; what is borrowed is on another.
    for part in etc home root srv var; do
      [ ! -d /$part ] || cp -ax /$part /target/
    done
    while read -r path; do
      case $path in
        /home/* | /root/* | /srv/*) (cd /target && rmdir -p "\${path#/}" 2>/dev/null) || true ;;
        *) rmdir "/target$path" 2>/dev/null || true ;;
      esac
    done </.world/borrowed
    mkdir -p /target/home /target/root /target/srv
    ssh-keygen -q -t ed25519 -N '' -C root@${host} -f /target/etc/ssh/ssh_host_ed25519_key
    chown -R 1000:1000 /target/home/*
    for home in /target/home/*; do
      chmod 0700 "$home"
      mkdir -p -m 0700 "$home/.ssh"
      ssh-keygen -q -t ed25519 -N '' -C user@${host} -f "$home/.ssh/id_ed25519"
      chown -R 1000:1000 "$home"
    done
    cd /tmp
    nixos-rebuild build --flake /target${flake}#${host}
    nixos-install --root /target --system "$(readlink -f result)"
    rm result
    cd /
    ${machine.moved === undefined ? '' : movedScript(machine, machine.moved)}
    mkdir -p /mnt/travel
    mount /dev/disk/by-uuid/${travel} /mnt/travel
    mkdir -p /mnt/travel/migrate
    chmod 0700 /mnt/travel/migrate
    echo 'only for rehearsals' >/mnt/travel/restic-password
    umount /mnt/travel
    cp -a /installer-files/. /installer/
    mkdir -p /installer/etc
    cp -a /.world/etc/. /installer/etc/
    echo installer >/installer/etc/hostname
    umount /nix /target/boot/efi
    umount /target
    # What was for the old disk alone must not shine through.
    find /home /srv -xdev -mindepth 1 ! -type d -delete
    find /home /srv -xdev -mindepth 1 -type d -empty -delete
    rm -rf --one-file-system /target /installer-files /moved /moved-files
  `;
  mkdirSync(join(root, 'installer-files/sbin'), { recursive: true });
  copyFileSync(fixture('system-disks', 'system', 'installer-init'), join(root, 'installer-files/sbin/init'));
  for (const [path, text] of Object.entries(movedFiles(machine))) {
    mkdirSync(dirname(join(root, 'moved-files', path)), { recursive: true });
    writeFileSync(join(root, 'moved-files', path), text);
  }
  const result = await run(['sh', '-c', script]);
  if (result.exitCode !== 0) {
    throw new WorldError(
      'world.install',
      `the world's old disk could not be installed (exit ${result.exitCode}):\n${result.stderr.split('\n').slice(-15).join('\n')}`,
    );
  }
  copyFileSync(fixture('system-disks', 'system', 'firmware'), join(root, 'sbin/init'));
  chmodSync(join(root, 'sbin/init'), 0o755);
}
