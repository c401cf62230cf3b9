#!/bin/sh
# The init of a machine whose power is cut: begins the run or goes on with it, and switches the machine off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/state LANG=C.UTF-8
export MIGRATE_CLAIMS_DIR=/state/claims NODE_COMPILE_CACHE=/state/cache
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t ext4 /dev/vdb /state || echo 'no state'
echo up
cd /state || exit
migrate() { node /opt/migrate/dist/src/cli/migrate.js --state-dir /state/lib "$@" --yes --json 2>&1; }
# A run that was cut off before its first line has not begun.
if [ -s "$(echo /state/lib/runs/*/journal.jsonl)" ]; then migrate resume; else migrate run /opt/power-cut.js; fi
echo "ended $?"
sync
echo o >/proc/sysrq-trigger
sleep 60
