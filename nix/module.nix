# Has unfinished runs of migrate go on by themselves after a boot of NixOS, and looks at soaks: the same units that
# `migrate boot enable` writes elsewhere. `migrate boot enable` on NixOS says what to set.
{ config, lib, pkgs, ... }:

let
  cfg = config.services.migrate-runbook.resume;

  # Specifiers and variables are systemd's, and none of ours.
  escape = word: builtins.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON word);

  service = by: {
    after = [ "local-fs.target" "remote-fs.target" "network-online.target" ]
      ++ lib.optional (by == "timer") "migrate-resume.service";
    wants = [ "network-online.target" ];
    unitConfig = {
      RequiresMountsFor = [ cfg.stateDir ];
      X-MigrateStateDir = builtins.toJSON cfg.stateDir;
    };
    # A rebuild in the middle of a copy must not end it.
    restartIfChanged = false;
    stopIfChanged = false;
    environment = {
      PATH = lib.mkForce "/run/wrappers/bin:/run/current-system/sw/bin:${lib.makeBinPath cfg.path}";
    } // lib.optionalAttrs (cfg.claimsDir != null) { MIGRATE_CLAIMS_DIR = cfg.claimsDir; };
    serviceConfig = {
      Type = "exec";
      ExecStart = lib.concatMapStringsSep " " escape [
        cfg.node
        cfg.program
        "--state-dir"
        cfg.stateDir
        "--no-input"
        "resume"
        "--unattended"
        by
      ];
      # No sandboxing: it would hide from everybody else what a step mounts.
      KillMode = "mixed";
      TimeoutStopSec = "90s";
      OOMPolicy = "continue";
      Restart = "no";
      SuccessExitStatus = "3 130";
      UMask = "0022";
      WorkingDirectory = "/";
      RestrictRealtime = "yes";
    };
  };
in
{
  options.services.migrate-runbook.resume = {
    enable = lib.mkEnableOption "going on with unfinished runs of migrate after a boot";
    program = lib.mkOption {
      type = lib.types.str;
      description = "The program's file, such as /root/node_modules/migrate-runbook/dist/src/cli/migrate.js.";
    };
    node = lib.mkOption {
      type = lib.types.str;
      default = "${pkgs.nodejs_24}/bin/node";
      defaultText = "\${pkgs.nodejs_24}/bin/node";
      description = "Node.js 24 or newer.";
    };
    stateDir = lib.mkOption {
      type = lib.types.str;
      default = "/var/lib/migrate";
      description = "Whose runs go on.";
    };
    claimsDir = lib.mkOption {
      type = lib.types.nullOr lib.types.str;
      default = null;
      description = "MIGRATE_CLAIMS_DIR, where it is set.";
    };
    everyMs = lib.mkOption {
      type = lib.types.ints.between 1000 3600000;
      default = 60000;
      description = "Milliseconds between two looks at soaks.";
    };
    path = lib.mkOption {
      type = lib.types.listOf lib.types.package;
      default = [ pkgs.rsync pkgs.util-linux ];
      defaultText = "[ pkgs.rsync pkgs.util-linux ]";
      description = "Packages whose programs the steps call, beyond those of the system.";
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.services.migrate-resume = service "boot" // {
      description = "Go on with unfinished runs of migrate after a boot";
      wantedBy = [ "multi-user.target" ];
    };
    systemd.services.migrate-soak = service "timer" // {
      description = "Look at the health of what migrate has moved";
    };
    systemd.timers.migrate-soak = {
      description = "Look again and again at the health of what migrate has moved";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnActiveSec = "${toString cfg.everyMs}ms";
        OnUnitActiveSec = "${toString cfg.everyMs}ms";
        # Else systemd may be a minute late, and the time between two looks counts for nothing.
        AccuracySec = "${toString (lib.min 5000 (lib.max 100 (cfg.everyMs / 20)))}ms";
      };
    };
  };
}
