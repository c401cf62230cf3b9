# Finds the programs that are missing, and installs their packages where it may.
# Who sources this sets `command` (as it was typed, for messages), `purposes`, `yes`, `program_table` and
# `os_release`, and defines `calmly`.

# missing_programs TABLE: the rows of the table whose program is not there, without the column `for`.
missing_programs() {
  while read -r program purpose rest; do
    case $program in '' | '#'*) continue ;; esac
    case " $purposes " in *" $purpose "*) ;; *) continue ;; esac
    command -v "$program" >/dev/null || printf '%s %s\n' "$program" "$rest"
  done <"$1"
}

# package_manager OS_RELEASE: apt, dnf, pacman or nix, or nothing when the system is none of these.
package_manager() {
  systems=$([ ! -r "$1" ] || (. "$1" && echo "${ID-} ${ID_LIKE-}"))
  case " $systems " in
    *' debian '*) echo apt ;;
    *' fedora '* | *' rhel '*) echo dnf ;;
    *' arch '*) echo pacman ;;
    *' nixos '*) echo nix ;;
  esac
}

# packages_of MANAGER, reading rows: the packages, each once, on one line.
packages_of() {
  while read -r _ _ apt dnf pacman nix _; do
    case $1 in
      apt) echo "$apt" ;;
      dnf) echo "$dnf" ;;
      pacman) echo "$pacman" ;;
      nix) echo "$nix" ;;
    esac
  done | grep -vx -e - | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# install_command MANAGER PACKAGES: what a person would type.
install_command() {
  if [ "$(id -u)" -eq 0 ] || ! command -v sudo >/dev/null; then as_root=; else as_root='sudo '; fi
  case $1 in
    apt) echo "${as_root}apt-get update && ${as_root}apt-get install --no-install-recommends $2" ;;
    dnf) echo "${as_root}dnf install $2" ;;
    pacman) echo "${as_root}pacman -S --needed $2" ;;
    nix) echo "nix-shell -p $2 --run '$command'" ;;
  esac
}

# show_rows, reading rows: a line for each program.
show_rows() {
  while read -r program need _ _ _ _ without; do
    [ "$need" = optional ] || without=required
    printf '  %-15s %s\n' "$program" "$without"
  done
}

# Whether apt may run now: only on Debian and its kin, as root or with sudo, and only after a yes.
may_install() {
  [ "$manager" = apt ] || return 1
  if [ "$yes" = no ]; then
    { [ -t 0 ] && [ -t 1 ]; } || return 1
    printf 'Run it now? [y/N] '
    read -r answer || return 1
    case $answer in y | Y | yes) ;; *) return 1 ;; esac
  fi
  [ "$(id -u)" -ne 0 ] || return 0
  # Asks for the password here, where the question can be seen.
  if [ -t 0 ]; then sudo -v; else sudo -n -v; fi
}

apt_get() {
  set -- env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"
  [ "$(id -u)" -eq 0 ] || set -- sudo -n "$@"
  "$@"
}

# One at a time: two commands of this checkout may find the same programs missing.
apt_install() (
  exec 9<setup/programs && flock 9
  apt_get update && apt_get install --no-install-recommends "$@"
)

# install_missing_programs: silent when nothing is missing; ends with exit 2 when something required stays so.
install_missing_programs() {
  missing=$(missing_programs "$program_table")
  [ -n "$missing" ] || return 0
  manager=$(package_manager "$os_release")

  required=$(echo "$missing" | grep '^[^ ]*  *required ') || required=
  if [ -z "$required" ] && [ "$yes" = no ]; then
    echo 'Not installed, and not needed:'
    echo "$missing" | show_rows
    return 0
  fi

  packages=$(echo "$missing" | packages_of "$manager")
  echo 'Programs that are missing:'
  echo "$missing" | show_rows
  if [ -n "$manager" ]; then
    printf 'What installs them:\n  %s\n' "$(install_command "$manager" "$packages")"
  else
    echo 'Install them with the package manager of this system.'
  fi
  if may_install; then
    # shellcheck disable=SC2086 # one argument a package
    calmly "Installing $packages" apt_install $packages || true
    missing=$(missing_programs "$program_table")
    required=$(echo "$missing" | grep '^[^ ]*  *required ') || required=
  fi
  [ -n "$required" ] || return 0
  echo "Install what is required, as said above, then run this again: $command" >&2
  [ "$manager" != apt ] || [ "$yes" = yes ] || echo "Or let it be installed for you: $command -- --yes" >&2
  exit 2
}
