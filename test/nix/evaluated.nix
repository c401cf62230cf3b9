# What nix/module.nix makes of some options, with as much of nixpkgs as it uses. `resume` gives the options.
resume:
let
  default = name: (module.options.services.migrate-runbook.resume.${name}).default;
  defaults = builtins.listToAttrs (map (name: { inherit name; value = default name; }) [ "node" "stateDir" "claimsDir" "everyMs" "path" ]);
  lib = rec {
    mkOption = option: option;
    mkEnableOption = text: { inherit text; };
    mkIf = condition: value: if condition then value else { };
    mkForce = value: value;
    types = { str = null; package = null; nullOr = type: null; listOf = type: null; ints.between = one: other: null; };
    optional = condition: value: if condition then [ value ] else [ ];
    optionalAttrs = condition: value: if condition then value else { };
    concatMapStringsSep = separator: function: list: builtins.concatStringsSep separator (map function list);
    makeBinPath = concatMapStringsSep ":" (folder: "${folder}/bin");
    min = one: other: if one < other then one else other;
    max = one: other: if one < other then other else one;
  };
  pkgs = { nodejs_24 = "/nix/store/node"; rsync = "/nix/store/rsync"; util-linux = "/nix/store/util-linux"; };
  module = import ../../nix/module.nix { inherit config lib pkgs; };
  config.services.migrate-runbook.resume = defaults // resume;
in
module.config.systemd
