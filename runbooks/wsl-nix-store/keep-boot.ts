/**
 * WSL starts `/sbin/init` before any mount, out of the copy of `/nix` that lies beneath the bind mount.
 * A later rebuild puts its new system on the SSD alone, so the machine would go on booting the old one,
 * or nothing once that is gone. This module makes every rebuild carry its boot closure beneath.
 *
 * It stands where NixOS installs a boot loader, which NixOS-WSL has none of: that hook is run by
 * `switch-to-configuration` for `boot` and `switch` alike, with the new system as its first argument.
 */
export const hookName = 'keep-boot-beneath';

const script = `
      set -eu
      export PATH=\${lib.makeBinPath [ pkgs.coreutils pkgs.util-linux pkgs.nix ]}:$PATH
      system=$(readlink -f "$1")
      beneath=$(mktemp -d /run/keep-boot-beneath.XXXXXX)
      mount --bind / "$beneath"
      trap 'umount "$beneath"; rmdir "$beneath"' EXIT
      # Nothing lies over /nix: what is built is what boots.
      if [ "$(stat -c %d:%i /nix/store)" = "$(stat -c %d:%i "$beneath/nix/store")" ]; then exit 0; fi
      nix-store --query --requisites "$system" | while read -r path; do
        if [ -e "$beneath$path" ] || [ -L "$beneath$path" ]; then continue; fi
        rm -rf "$beneath$path.keep-boot"
        cp -a "$path" "$beneath$path.keep-boot"
        mv -T "$beneath$path.keep-boot" "$beneath$path"
      done
      sync -f "$beneath/nix/store"
      # The profile comes last: until it points elsewhere, the system before this one boots.
      profiles=$beneath/nix/var/nix/profiles
      ln -sfnT "$system" "$profiles/system.keep-boot"
      mv -T "$profiles/system.keep-boot" "$profiles/system"
      sync -f "$profiles"
`;

/** The NixOS module, to stand in a host's `imports`. */
export const keepBootModule = `
    # ${hookName}: WSL boots from the copy of /nix beneath the bind mount; keep it bootable.
    ({ lib, pkgs, ... }: {
      system.build.installBootLoader = lib.mkForce (pkgs.writeShellScript "${hookName}" ''${script}      '');
    })`;
