import type { NixosWslMachine } from './nixos-wsl.ts';
import { nixConf } from './nix-settings.ts';

/** The files of a NixOS-WSL machine that are no part of its store, by path. */
export function nixosWslFiles(machine: NixosWslMachine): Readonly<Record<string, string>> {
  return {
    '/etc/NIXOS': '',
    '/etc/wsl.conf': '[boot]\nsystemd=true\n',
    '/etc/nix/nix.conf': nixConf,
    [`${machine.flake}/flake.nix`]: flake(machine),
    [`${machine.flake}/${machine.hostFile}`]: hostConfiguration(machine),
  };
}

function flake({ host, hostFile }: NixosWslMachine): string {
  return `{
  description = "The configuration of a rehearsal's machine; the world's nixos-rebuild reads the host's file";
  outputs = { self, nixpkgs, ... }: {
    nixosConfigurations.${host} = nixpkgs.lib.nixosSystem {
      modules = [ ./${hostFile} ];
    };
  };
}
`;
}

function hostConfiguration(machine: NixosWslMachine): string {
  return `{ config, lib, pkgs, ... }:
{
  imports = [
    ../../modules/nixos/wsl-storage-mount.nix
  ];

  networking.hostName = "${machine.host}";
  system.nixos.label = "1";

  wslStorageMount = {
    enable = true;
    uuid = "${machine.storage.uuid}";
    mountPoint = "${machine.storage.mountPoint}";
    nixStoreSubdir = "${machine.subfolder}";
    # The data has to be moved first.
    ${machine.option} = false;
  };
}
`;
}
