#!/bin/sh
# A command that has a child and a grandchild, and tells their pids in FILE. It ends at SIGTERM, or with
# `stubborn` only at SIGKILL.
# usage: family.sh FILE [stubborn]
[ "$2" != stubborn ] || trap '' TERM
sh -c 'sleep 600 & printf "%s %s %s\n" "$1" "$$" "$!" >"$2.new"; mv "$2.new" "$2"; wait' sh "$$" "$1" &
wait
