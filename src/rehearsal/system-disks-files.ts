import type { SystemDisksPlan } from '../runbook/index.ts';
import { nixConf } from './nix-settings.ts';

/** UUIDs on the old disk. */
export const oldRoot = '1e5a7c90-3b2d-4e6f-9a81-c0d2e4f60718';
export const oldEsp = '0E5A-7C90';
export const user = 'sinh';

/** The files of the old system that are on its disk before the first boot, by path. */
export function systemDisksFiles({ flake, host }: SystemDisksPlan): Readonly<Record<string, string | null>> {
  const machine = `${flake}/systems/x86_64-linux/${host}`;
  const home = `/home/${user}`;
  return {
    '/etc/NIXOS': '',
    '/etc/adjtime': '0.0 0 0.0\n0\nUTC\n',
    '/etc/passwd': `root:x:0:0::/root:/bin/sh\n${user}:x:1000:1000::${home}:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n`,
    '/etc/group': `root:x:0:\nusers:x:1000:\nwheel:x:10:${user}\nnobody:x:65534:\n`,
    '/etc/nix/nix.conf': nixConf,
    '/etc/restic/password': 'only for rehearsals\n',
    '/etc/ssh': null,
    '/var/lib/nixos/uid-map': '{"sinh":1000}\n',
    '/var/lib/docker/engine-id': 'a1b2c3\n',
    '/var/lib/bluetooth/pairing': 'headphones\n',
    '/var/lib/NetworkManager/secret_key': 'key\n',
    '/var/log/boot.log': 'booted\n',
    [`${home}/Documents/letter.txt`]: 'Dear all\n',
    [`${home}/.config/sops/age/keys.txt`]: 'AGE-SECRET-KEY-REHEARSAL\n',
    [`${home}/.gnupg/pubring.kbx`]: 'keys\n',
    [`${home}/.config/Bitwarden/data.json`]: '{}\n',
    [`${home}/.config/gcloud/credentials.db`]: 'credentials\n',
    [`${home}/.mozilla/firefox/profile/places.sqlite`]: 'bookmarks\n',
    [`${home}/.cache/thumbnails`]: 'may go\n',
    [`${flake}/flake.nix`]: flakeText(host),
    [`${machine}/default.nix`]: hostText(host),
    [`${machine}/hardware-configuration.nix`]: hardwareText,
  };
}

function flakeText(host: string): string {
  return `{
  description = "The configuration of a rehearsal's machine";
  inputs = {
    impermanence.url = "github:nix-community/impermanence";
  };
  outputs = { self, nixpkgs, ... }@inputs: {
    nixosConfigurations.${host} = nixpkgs.lib.nixosSystem {
      specialArgs = { inherit inputs; };
      modules = [ ./systems/x86_64-linux/${host} ];
    };
  };
}
`;
}

/** @param imports of the host's file, besides its hardware */
export function hostText(host: string, imports: readonly string[] = []): string {
  return `{ config, lib, pkgs, ... }:
{
  imports = [
    ./hardware-configuration.nix
${imports.map((path) => `    ${path}\n`).join('')}  ];

  networking.hostName = "${host}";
  system.nixos.label = "1";

  users.users.${user} = {
    uid = 1000;
    home = "/home/${user}";
    extraGroups = [ "wheel" ];
    hashedPassword = "$6$rehearsal$onlyforrehearsals";
  };
}
`;
}

const hardwareText = `{ config, lib, modulesPath, ... }:
{
  boot.initrd.availableKernelModules = [ "nvme" "xhci_pci" ];
  boot.kernelModules = [ "kvm-intel" ];

  fileSystems."/" = {
    device = "/dev/disk/by-uuid/${oldRoot}";
    fsType = "ext4";
  };

  fileSystems."/boot/efi" = {
    device = "/dev/disk/by-uuid/${oldEsp}";
    fsType = "vfat";
    options = [ "fmask=0022" "dmask=0022" ];
  };

  swapDevices = [ ];

  nixpkgs.hostPlatform = lib.mkDefault "x86_64-linux";
}
`;
