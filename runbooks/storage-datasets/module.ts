import { nixString } from '../nixos-module/nix-string.ts';
import { unit, type Params } from './params.ts';

/**
 * What the module's unit does with each dataset: makes what is not there, never where data lies; sets what differs
 * from what is declared; and fails, when it is through with the others, where somebody has to look. It goes on after
 * a power cut at any line, since each line is left out where its effect is there.
 */
const script = `
        failed=
        problem() {
          echo "$1" >&2
          failed=yes
        }
        mountedAt() {
          while read -r source folder rest; do
            if [ "$folder" = "$1" ]; then echo "$source"; fi
          done </proc/self/mounts | tail -n 1
        }
        isEmpty() {
          [ -z "$(ls -A "$1" 2>/dev/null)" ]
        }
        ensure() {
          dataset=$1 point=$2
          shift 2
          # What is not there and what cannot be asked look alike, unless its parent answers.
          if ! zfs list -H -o name "$(dirname "$dataset")" >/dev/null; then
            problem "$dataset: what it is to be made beneath is not there"
          elif zfs list -H -o name "$dataset" >/dev/null 2>&1; then
            keep "$@"
          elif [ -n "$(mountedAt "$point")" ]; then
            problem "$dataset is not made: $(mountedAt "$point") is mounted at $point"
          elif ! isEmpty "$point"; then
            problem "$dataset is not made: $point holds data, which it would cover"
          else
            create "$@"
          fi
        }
        create() {
          count=$#
          while [ "$count" -gt 0 ]; do
            set -- "$@" -o "$1"
            shift
            count=$((count - 1))
          done
          if zfs create -o mountpoint="$point" "$@" "$dataset"; then
            echo "made $dataset at $point"
          else
            problem "$dataset could not be made"
          fi
        }
        keep() {
          there=$(zfs get -H -o value mountpoint "$dataset")
          if [ "$there" != "$point" ]; then
            problem "$dataset has the mount point $there, and not $point; it is left as it is"
            return
          fi
          for property in "$@"; do
            value=$(zfs get -H -o value "\${property%%=*}" "$dataset")
            if [ "$value" != "\${property#*=}" ]; then
              echo "$dataset: \${property%%=*} was $value, and $property is declared"
              zfs set "$property" "$dataset" || problem "$dataset: $property could not be set"
            fi
          done
          if [ "$(zfs get -H -o value mounted "$dataset")" = yes ]; then return; fi
          if isEmpty "$point"; then
            zfs mount "$dataset" || problem "$dataset could not be mounted"
          else
            problem "$dataset is not mounted: $point holds data, which it would cover"
          fi
        }`.replaceAll('${', "''${");

/** The module: what may be declared, and the unit that makes it so. */
export const moduleText = `# A ZFS dataset for each service, made once the pools are imported and mounted, and before what lives there.
{ config, lib, pkgs, ... }:

let
  cfg = config.modules.storage.datasets;

  propertiesOf =
    service:
    lib.optionalAttrs ((service.recordsize or null) != null) { inherit (service) recordsize; }
    // lib.optionalAttrs ((service.compression or null) != null) { inherit (service) compression; }
    // (service.properties or { });

  ensure =
    name: service:
    lib.escapeShellArgs (
      [
        "ensure"
        "\${cfg.parentDataset}/\${name}"
        "\${cfg.parentMount}/\${name}"
      ]
      ++ lib.mapAttrsToList (property: value: "\${property}=\${value}") (propertiesOf service)
    );
in
{
  options.modules.storage.datasets = {
    enable = lib.mkEnableOption "a ZFS dataset for each service";

    parentDataset = lib.mkOption {
      type = lib.types.str;
      default = "rpool/safe/persist";
      description = "Dataset beneath which those of services are made; it must be there.";
    };

    parentMount = lib.mkOption {
      type = lib.types.str;
      default = "/persist";
      description = "Folder beneath which each is mounted, by a mount point of its own.";
    };

    services = lib.mkOption {
      default = { };
      description = "Datasets by name. One that is no longer declared stays as it is.";
      type = lib.types.attrsOf (
        lib.types.submodule {
          options = {
            recordsize = lib.mkOption {
              type = lib.types.nullOr lib.types.str;
              default = null;
              description = "As zfs shows it, such as 16K; what was written before keeps the one it has.";
            };
            compression = lib.mkOption {
              type = lib.types.nullOr lib.types.str;
              default = null;
              description = "Such as lz4 or off; of what is written from now on.";
            };
            properties = lib.mkOption {
              type = lib.types.attrsOf lib.types.str;
              default = { };
              description = "Further properties.";
            };
          };
        }
      );
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = lib.mapAttrsToList (name: service: {
      assertion =
        lib.all (
          property:
          !(lib.elem property [
            "mountpoint"
            "canmount"
            "overlay"
          ])
        ) (lib.attrNames (propertiesOf service));
      message = "modules.storage.datasets.services.\${name} must not set where it is mounted: that follows from its name.";
    }) cfg.services;

    systemd.services.${unit.replace(/\.service$/, '')} = {
      description = "Datasets of services";
      wantedBy = [ "sysinit.target" ];
      after = [
        "zfs-import.target"
        "zfs-import.service"
        "zfs-mount.service"
      ];
      # Owners and modes by tmpfiles come after local-fs.target.
      before = [ "local-fs.target" ] ++ map (name: "\${name}.service") (lib.attrNames cfg.services);
      unitConfig.DefaultDependencies = false;
      path = [ (config.boot.zfs.package or pkgs.zfs) ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
      script = ''${script}
        \${lib.concatStringsSep "\\n        " (lib.mapAttrsToList ensure cfg.services)}
        if [ -n "$failed" ]; then exit 1; fi
      '';
    };
  };
}
`;

/** The edit of the host's file: where this host has its datasets. */
export function hostEdit(p: Params): { from: string; to: string } {
  return {
    from: p.importsText,
    to: `modules.storage.datasets = {
    enable = true;
    parentDataset = ${nixString(p.parentDataset)};
    parentMount = ${nixString(p.parentMount)};
  };

  ${p.importsText}`,
  };
}

/** The edit of the scratch copy's host file: one dataset that shows what the unit does. */
export function probeEdit(p: Params, name: string): { from: string; to: string } {
  const properties = Object.entries(p.probeProperties)
    .map(([property, value]) => `    ${nixString(property)} = ${nixString(value)};\n`)
    .join('');
  return {
    from: p.importsText,
    to: `modules.storage.datasets.services.${nixString(name)}.properties = {\n${properties}  };\n\n  ${p.importsText}`,
  };
}
