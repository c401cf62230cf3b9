/**
 * A script of `sh` that calls commands where a disk is hidden. It is started in a mount namespace of its own, which
 * nobody else sees and which ends with it. Its arguments, none of which it reads as a script:
 *
 *     POINT UUID SECONDS|never LOG LOG-INSTEAD (COUNT WORD…)…
 *
 * Each command is given by the number of its words and these. The last line tells how the last one ended.
 */
export const withoutDisk = `
set -eu
point=$1 uuid=$2 late=$3 log=$4 instead=$5
shift 5
links=/dev/disk/by-uuid
device=$(readlink -f "$links/$uuid")
if [ -e "$log" ]; then mount --bind "$instead" "$log"; fi
while mountpoint -q "$point"; do umount "$point" || exit 1; done

keep=$instead.links
mkdir -p "$keep"
mount -t tmpfs none "$keep"
cp -a "$links/." "$keep"
rm "$keep/$uuid"
mount --bind "$keep" "$links"
mount --bind /dev/null "$device"
if [ "$late" != never ]; then
  (
    sleep "$late"
    umount "$device"
    ln -s "$device" "$links/$uuid"
  ) &
fi

code=0
while [ $# -gt 0 ] && [ $code -eq 0 ]; do
  count=$1
  shift
  # The words of this command, and behind them what is left.
  rest=$(($# - count))
  (
    words=$count
    while [ "$words" -gt 0 ]; do
      word=$1
      shift
      set -- "$@" "$word"
      words=$((words - 1))
    done
    shift $rest
    "$@"
  ) || code=$?
  shift "$count"
done
if mountpoint -q "$point"; then mounted=yes; else mounted=no; fi
echo "migrate: exit=$code mounted=$mounted"
`;
