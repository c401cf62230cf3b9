# Makes ready what a command of package.json needs. Sourced at the top of this checkout.

# calmly TITLE COMMAND…: one line; the command's output only when it fails.
calmly() {
  printf '%s … ' "$1"
  shift
  log=$(mktemp)
  began=$(date +%s)
  if "$@" >"$log" 2>&1 </dev/null; then
    echo "done in $(($(date +%s) - began)) s"
    rm -f "$log"
  else
    status=$?
    echo failed
    cat "$log" >&2
    rm -f "$log"
    return "$status"
  fi
}

program_table=setup/programs
os_release=/etc/os-release

. setup/programs.sh
. setup/node.sh

# prepare COMMAND PURPOSES [ARGUMENT…]: exits 2, with the way out, when something cannot be made ready.
prepare() {
  command=$1
  purposes=$2
  shift 2
  yes=no
  for argument; do
    [ "$argument" != --yes ] || yes=yes
  done
  # Debian leaves these out for ordinary users.
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  install_missing_programs
  install_node_packages
}
