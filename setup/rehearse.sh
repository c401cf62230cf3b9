#!/bin/sh
# `npm run rehearse`: sets up what a rehearsal needs, and rehearses the first runbook from end to end.
# `--yes` is for the setup; other arguments go to `migrate rehearse`.
set -eu
cd "$(dirname "$0")/.."
. setup/prepare.sh

prepare 'npm run rehearse' 'run' "$@"
for argument; do
  shift
  [ "$argument" = --yes ] || set -- "$@" "$argument"
done
exec node src/cli/migrate.ts rehearse wsl-nix-store "$@"
