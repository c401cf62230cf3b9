/** The beginning of the library: words to the person, which boot this is, hashes. */
export const begin = `
set -u
umask 022
# A rescue shell may have no search path to speak of.
for program in sha256sum mount; do
  command -v "$program" >/dev/null 2>&1 || PATH=$PATH:/run/current-system/sw/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
done
export PATH
exec 3<&0
newline='
'

say() { printf '%s\\n' "$*"; }

# Ends the script: nothing further is undone.
stop() {
  say "STOPPED: $1" >&2
  say "What is undone so far stays undone. When it is mended, run me again: sh $here/undo.sh" >&2
  exit 5
}

refuse() {
  say "$1" >&2
  exit 2
}

usage() {
  say "usage: sh undo.sh [-n] [-y] [-f] [--done STEP]..."
  say "  -n           show what would be done, and do nothing"
  say "  -y           do not ask before each action"
  say "  -f           also on another machine, as another user, or after a later rollback"
  say "  --done STEP  you have undone this step yourself, or seen that it never happened"
  exit "$1"
}

# When a process began, in started; empty when there is none.
start_of() {
  started=
  [ -r "/proc/$1/stat" ] || return 0
  stat=
  read -r stat <"/proc/$1/stat" || :
  # The name of the program may hold spaces; after it, the start time is the 20th field.
  # shellcheck disable=SC2086 # fields are split
  set -- \${stat##*") "}
  [ $# -lt 20 ] || started=\${20}
}

# What tells this boot from every other, also in WSL and containers where the kernel stays.
look_at_boot() {
  boot_id=
  read -r boot_id </proc/sys/kernel/random/boot_id || :
  start_of 1
  namespace=$(readlink /proc/self/ns/pid) || namespace=
  boot="$boot_id $started $namespace"
  if [ -n "$boot_id" ] && [ -n "$started" ]; then return; fi
  refuse "this boot cannot be told from others: /proc is not mounted here, or hides PID 1"
}

same_boot() { [ "$boot" = "$1" ]; }

hash_of() {
  hash=none
  [ -e "$1" ] || return 0
  hash=$(sha256sum <"$1") || stop "$1 cannot be read"
  hash=\${hash%% *}
}

make_durable() { sync -- "$1" 2>/dev/null || sync; }
`;
