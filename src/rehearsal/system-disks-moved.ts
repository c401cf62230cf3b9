import type { MovedSystem, SystemDisksPlan } from '../runbook/index.ts';
import { hostText, user } from './system-disks-files.ts';

/** What the flake holds once the machine has moved, by path within it; nothing where it has not. */
export function movedFiles({ host, moved }: SystemDisksPlan): Readonly<Record<string, string>> {
  if (moved === undefined) return {};
  const folder = `systems/x86_64-linux/${host}`;
  return {
    [`${folder}/default.nix`]: hostText(host, ['../../../modules/nixos/impermanence']),
    [`${folder}/hardware-configuration.nix`]: hardwareText(moved),
    'modules/nixos/impermanence/default.nix': moduleText,
  };
}

/** Divides the new disk and installs the system there, from the old one that is mounted at /target. */
export function movedScript({ flake, host }: SystemDisksPlan, { esp, nix, persist }: MovedSystem): string {
  return `
    disk=$(cat /.world/disk-new)
    sgdisk --clear --new=1:0:+40M --typecode=1:EF00 --change-name=1:esp \\
      --new=2:0:+60M --change-name=2:nix --new=3:0:0 --change-name=3:persist "$disk" >/dev/null
    partx --update "$disk"
    udevadm settle
    mkfs.vfat -F 32 -i ${esp.replace('-', '')} -n ESP "$disk"p1 >/dev/null
    mkfs.ext4 -q -U ${nix} -E lazy_itable_init=0 "$disk"p2
    mkfs.ext4 -q -U ${persist} -E lazy_itable_init=0 "$disk"p3
    udevadm settle
    mkdir -p /moved/nix /moved/persist /moved/boot/efi
    mount "$disk"p2 /moved/nix
    mount "$disk"p3 /moved/persist
    mount -t vfat "$disk"p1 /moved/boot/efi
    cp -a /target/nix/. /moved/nix/
    cp -a /target/home /moved/persist/
    mkdir -p /moved/persist/system/etc /moved/persist/system/var/lib
    cp -a /target/etc/ssh /target/etc/machine-id /moved/persist/system/etc/
    cp -a /target/var/lib/nixos /moved/persist/system/var/lib/
    cp -r /moved-files/. /moved/persist${flake}/
    chown -R 1000:1000 /moved/persist${flake}
    umount /nix
    mount --bind /moved/nix /nix
    cd /tmp
    nixos-rebuild build --flake /moved/persist${flake}#${host}
    nixos-install --root /moved --system "$(readlink -f result)"
    rm result
    cd /
    umount /moved/boot/efi /moved/persist /nix /moved/nix
    mount --bind /target/nix /nix
  `;
}

const moduleText = `{ inputs, ... }:
{
  imports = [ inputs.impermanence.nixosModules.impermanence ];

  environment.persistence."/persist/system" = {
    directories = [ "/etc/ssh" "/var/lib/nixos" ];
    files = [ "/etc/machine-id" ];
  };

  environment.persistence."/persist" = {
    users.${user} = {
      directories = [ ".ssh" "Documents" "git-repos" ];
    };
  };
}
`;

function hardwareText({ esp, nix, persist, persistInConfiguration = persist }: MovedSystem): string {
  const ext4 = (point: string, uuid: string) => `
  fileSystems."${point}" = {
    device = "/dev/disk/by-uuid/${uuid}";
    fsType = "ext4";
    options = [ "noatime" ];
    neededForBoot = true;
  };
`;
  return `{ config, lib, modulesPath, ... }:
{
  boot.initrd.availableKernelModules = [ "nvme" "xhci_pci" ];

  fileSystems."/" = {
    device = "none";
    fsType = "tmpfs";
    options = [ "defaults" "size=64M" "mode=755" ];
  };

  fileSystems."/boot/efi" = {
    device = "/dev/disk/by-uuid/${esp}";
    fsType = "vfat";
    options = [ "fmask=0022" "dmask=0022" ];
  };
${ext4('/nix', nix)}${ext4('/persist', persistInConfiguration)}
  swapDevices = [ ];

  nixpkgs.hostPlatform = lib.mkDefault "x86_64-linux";
}
`;
}
