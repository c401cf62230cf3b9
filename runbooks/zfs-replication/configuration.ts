import { lagUnit, noticeUnits, notifyUnit } from './notices.ts';
import { timerOf, type Params } from './params.ts';

export const inFlake = (p: Params, file: string) => `${p.flake}/${file}`;

/** NixOS sorts the sections of sanoid.conf by name, so that a child's stands behind its parent's. */
export const moduleText = `# Snapshots by sanoid, and replication by syncoid to another pool of this machine.
{ config, lib, ... }:

let
  cfg = config.modules.replication.zfs;
in
{
  options.modules.replication.zfs = {
    enable = lib.mkEnableOption "ZFS snapshots by sanoid and replication by syncoid";

    sanoid = {
      templates = lib.mkOption {
        type = lib.types.attrsOf lib.types.attrs;
        default = { };
        description = "Policies by name, as for services.sanoid.templates.";
      };
      datasets = lib.mkOption {
        type = lib.types.attrsOf lib.types.attrs;
        default = { };
        description = "Policy of each dataset, as for services.sanoid.datasets.";
      };
    };

    syncoid = {
      enable = lib.mkEnableOption "replication by syncoid";
      destination = lib.mkOption {
        type = lib.types.str;
        description = "Dataset that becomes the replica.";
      };
      datasets = lib.mkOption {
        type = lib.types.listOf lib.types.str;
        default = [ ];
        description = "The dataset to replicate, with all beneath it; one, since there is one destination.";
      };
    };
  };

  config = lib.mkIf cfg.enable {
    services.sanoid = {
      enable = true;
      interval = "hourly";
      inherit (cfg.sanoid) templates datasets;
    };

    services.syncoid = lib.mkIf cfg.syncoid.enable {
      enable = true;
      interval = "hourly";
      commands = lib.genAttrs cfg.syncoid.datasets (_: {
        target = cfg.syncoid.destination;
        recursive = true;
        # Not mounted, and never rolled back: what was written there would be lost without a word.
        recvOptions = "u";
        extraArgs = [ "--no-rollback" ];
      });
    };
  };
}
`;

/** The edit of the host's file: the policy, the replication, and who is told when one of them fails. */
export function hostEdit(p: Params): { from: string; to: string } {
  return { from: p.importsText, to: `${hostText(p)}\n  ${p.importsText}` };
}

function hostText(p: Params): string {
  const without = p.without.map(
    (dataset) =>
      `      # sanoid does not read com.sun:auto-snapshot.\n      "${dataset}".autosnap = false;\n`,
  );
  const { hourly, daily, weekly, monthly } = p.keep;
  return `modules.replication.zfs = {
    enable = true;
    sanoid.templates.${p.template} = {
      hourly = ${hourly};
      daily = ${daily};
      weekly = ${weekly};
      monthly = ${monthly};
      yearly = 0;
      autosnap = true;
      autoprune = true;
    };
    sanoid.datasets = {
      "${p.source}" = {
        useTemplate = [ "${p.template}" ];
        recursive = true;
      };
${without.join('')}    };
    syncoid = {
      enable = true;
      destination = "${p.destination}";
      datasets = [ "${p.source}" ];
    };
  };
  systemd.services.${nixName(p.sanoidUnit)}.onFailure = [ "${notifyUnit(p, 'sanoid-failure', p.sanoidUnit)}" ];
  systemd.services.${nixName(p.syncoidUnit)} = {
    onFailure = [ "${notifyUnit(p, 'syncoid-failure', p.syncoidUnit)}" ];
    # Without the pool each try would only leave one more snapshot of the source.
    requires = [ "${p.importUnit}" ];
    after = [ "${p.importUnit}" ];
  };
${noticeUnits(p)}`;
}

function nixName(unit: string): string {
  const name = unit.replace(/\.service$/, '');
  return /^[\w-]+$/.test(name) ? name : `"${name}"`;
}

/** Folders that come with the new configuration, and do not go with it; the second one until the next boot. */
export const sanoidFolders = ['/etc/sanoid', '/run/sanoid'] as const;

/** Units that the new configuration brings. */
export function newUnits(p: Params): readonly string[] {
  return [
    ...[p.sanoidUnit, timerOf(p.sanoidUnit), p.syncoidUnit, timerOf(p.syncoidUnit)],
    ...[lagUnit, timerOf(lagUnit)],
  ];
}
