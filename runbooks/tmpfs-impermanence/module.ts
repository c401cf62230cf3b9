import { nixString } from '../nixos-module/nix-string.ts';
import type { Params, Service } from './params.ts';

const option = 'mySystem.system.impermanence';

/**
 * The module. Its import stands at the top: within `mkIf` nothing is imported. While the root is still on the disk,
 * only services persist, whose folders were moved; whatever else was declared then would be shadowed by something empty.
 */
export function moduleText(p: Params): string {
  const directories = p.directories.filter((path) => p.services.every(({ folder }) => folder !== path));
  return `# What outlives a boot, on a root file system in memory; and before that, service by service, on the old one.
{ config, lib, inputs, ... }:

let
  cfg = config.${option};
  isTmpfs = cfg.root == "tmpfs";
in
{
  imports = [ ${p.impermanence} ];

  options.mySystem.persistentFolder = lib.mkOption {
    type = lib.types.str;
    default = ${nixString(p.persist)};
    description = "Where what outlives a boot is mounted.";
  };
  options.${option} = {
    enable = lib.mkEnableOption "what outlives a boot";
    root = lib.mkOption {
      type = lib.types.str;
      default = "disk";
      description = "disk, or tmpfs: a root file system that is empty at each boot.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.persistence = {
      "\${config.mySystem.persistentFolder}" = {
        hideMounts = true;
        directories = [
${p.services.map(serviceLine).join('')}        ]
        ++ lib.optionals isTmpfs [
${directories.map((path) => `          ${nixString(path)}\n`).join('')}        ];
        files = lib.optionals isTmpfs [
${p.files.map((path) => `          ${nixString(path)}\n`).join('')}        ];
      };
    };

    fileSystems = lib.mkIf isTmpfs {
      "/" = lib.mkForce {
        device = "none";
        fsType = "tmpfs";
        options = [ "defaults" "size=${p.rootGigabytes}G" "mode=755" ];
      };
      "\${config.mySystem.persistentFolder}" = {
        device = ${nixString(p.persistDevice)};
        fsType = "ext4";
        options = [ "noatime" ];
        neededForBoot = true;
      };
      "/nix" = {
        device = "\${config.mySystem.persistentFolder}/nix";
        fsType = "none";
        options = [ "bind" ];
        neededForBoot = true;
      };
    };
  };
}
`;
}

function serviceLine({ folder, user, group, mode }: Service): string {
  return `          { directory = ${nixString(folder)}; user = ${nixString(user)}; group = ${nixString(group)}; mode = ${nixString(mode)}; }\n`;
}

/** The edit of the host's file, for the old root. */
export function hostEdit(p: Params): { from: string; to: string } {
  return {
    from: p.importsText,
    to: `${option} = {
    enable = true;
    ${rootLine('disk')}
  };
  mySystem.persistentFolder = ${nixString(p.persist)};

  ${p.importsText}`,
  };
}

/** The edit that puts the root into memory. */
export const rootEdit = { from: rootLine('disk'), to: rootLine('tmpfs') };

function rootLine(root: 'disk' | 'tmpfs'): string {
  return `root = "${root}"; # of the root file system`;
}
