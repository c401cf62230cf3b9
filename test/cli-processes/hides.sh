#!/bin/sh
# A command that gives up its run's mark, and has a child, one that lost its parent, and one in a session of
# its own. Called again, it has nothing to do.
# usage: hides.sh WORLD
[ ! -e "$1/began" ] || exit 0
# In the environment that the kernel shows, it goes with the next exec.
[ -z "$MIGRATE_RUN" ] || exec env -u MIGRATE_RUN "$0" "$1"
sleep 601 &
(sleep 602 &)
setsid sleep 603 &
echo >"$1/began"
wait
