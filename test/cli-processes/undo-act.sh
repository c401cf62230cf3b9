#!/bin/sh
# Takes back what act.sh did, and says so in WORLD/effects; lingers as that does. Safe to repeat, and
# safe when the act never happened.
# usage: undo-act.sh WORLD NAME SECONDS
world=$1 name=$2 seconds=$3
exec 2>/dev/null
say() { printf '%s %s %s %s %s\n' "$1" "$name" $$ "$PPID" "$(date +%s%3N)" >>"$world/effects"; }
take() {
  sleep "$1" &
  timer=$!
  wait "$timer"
}
trap 'say ended; kill "$timer" 2>/dev/null; exit 143' TERM
say began-undo
take "$seconds"
[ -d "/proc/$PPID" ] || take 1
[ ! -e "$world/tree/$name" ] || rmdir "$world/tree/$name" || exit 1
say undid
