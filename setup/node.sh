# Installs the npm packages, and with them a Node.js that is new enough where the machine's own is not.
# Who sources this defines `calmly`.

# is_new_enough NODE
is_new_enough() {
  "$1" -e 'process.exit(process.versions.node.split(".")[0] >= 24 ? 0 : 1)' 2>/dev/null
}

# install_node_packages: silent when the installed packages are those of package-lock.json.
install_node_packages() {
  # `npm run` puts node_modules/.bin first in PATH, and says which Node.js it runs on itself.
  machine_node=${npm_node_execpath:-$(command -v node)}
  if is_new_enough "$machine_node"; then
    own=yes
    PATH=$(dirname "$machine_node"):$PATH
  else
    own=no
    PATH=$PWD/node_modules/.bin:$PATH
  fi
  export PATH

  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    set -- npm ci --prefer-offline
    # The workspace holds a Node.js for glibc in the usual places, which NixOS, among others, cannot run.
    [ "$own" = no ] || set -- "$@" --workspaces=false
    calmly 'Installing npm packages' "$@" || exit 2
  fi

  is_new_enough node && return 0
  echo "Node.js 24 or newer is needed. This machine has $("$machine_node" --version), and npm has none for it." >&2
  echo 'Install Node.js 24 or newer, delete node_modules, and run this again.' >&2
  exit 2
}
