#!/bin/sh
# One act that a test can count: it says in WORLD/effects that it began, and after SECONDS does the one
# thing that may happen only once, which is to make the folder WORLD/tree/NAME. When the process that
# started it has gone by then, it lingers first: whoever goes on without it is then overtaken by it.
# usage: act.sh WORLD NAME SECONDS [again]     again: that it is there already is no fault
world=$1 name=$2 seconds=$3 again=$4
# The shell tells there that its sleep was ended; when nobody reads any more, that would end it silently.
exec 2>/dev/null
say() { printf '%s %s %s %s %s\n' "$1" "$name" $$ "$PPID" "$(date +%s%3N)" >>"$world/effects"; }
take() {
  sleep "$1" &
  timer=$!
  wait "$timer"
}
trap 'say ended; kill "$timer" 2>/dev/null; exit 143' TERM
say began
take "$seconds"
[ -d "/proc/$PPID" ] || take 1
mkdir "$world/tree/$name" 2>/dev/null || [ "$again" = again ] || { say twice; exit 1; }
say did
