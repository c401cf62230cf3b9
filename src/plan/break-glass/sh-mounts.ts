/** Guards: what plain `sh` can tell of mounts, folders and later writes. */
export const mounts = `
# --- the mount table

# The mount that one sees at a path, by the kernel's own word: what lies beneath another is never met.
look_at_mount() {
  mount_id='' mount_device='' mount_root='' mount_at=''
  [ -d "$1" ] || return 1
  {
    while read -r name value; do
      [ "$name" != mnt_id: ] || mount_id=$value
    done </proc/self/fdinfo/9
  } 9<"$1"
  [ -n "$mount_id" ] || stop "the mount that $1 lies on cannot be told: /proc is not mounted here"
  while read -r id _ device root point _; do
    [ "$id" = "$mount_id" ] || continue
    mount_device=$device mount_root=$root mount_at=$point
  done </proc/self/mountinfo
}

is_mount_point() {
  look_at_mount "$1/.." || return 1
  outer=$mount_id
  look_at_mount "$1" && [ "$mount_id" != "$outer" ]
}

# PATH DEVICE ROOT; the root as the table writes it, with octal escapes.
is_mounted() { is_mount_point "$1" && [ "$mount_device" = "$2" ] && [ "$mount_root" = "$3" ]; }

lies_in() {
  case $1 in "$2" | "\${2%/}"/*) return 0 ;; esac
  return 1
}

# PATH and the same as the table writes it: whether nothing is mounted at it or in it.
nothing_mounted_in() {
  while read -r _ _ _ _ point _; do
    ! lies_in "$point" "$2" || return 1
  done </proc/self/mountinfo
}

# Whether nothing of a folder is shown elsewhere by a bind mount, and nothing is mounted in it.
shown_nowhere_else() {
  look_at_mount "$1" || return 0
  lies_in "$2" "$mount_at" || return 1
  own=$mount_id device_here=$mount_device
  within=\${2#"\${mount_at%/}"}
  root_here=\${mount_root%/}$within
  while read -r id _ device root point _; do
    if lies_in "$point" "$2" && [ "$id" != "$own" ]; then return 1; fi
    if [ "$id" = "$own" ] || [ "$device" != "$device_here" ] || [ "$root" = / ]; then continue; fi
    if lies_in "$root" "$root_here" || lies_in "$root_here" "$root"; then return 1; fi
  done </proc/self/mountinfo
}

is_folder() { [ -d "$1" ] && [ "$(stat -L -c %i -- "$1")" = "$2" ]; }

# FOLDER FILE: whether nothing in the folder was written since the file was.
unchanged_since() {
  [ -e "$1" ] && [ -e "$2" ] || return 0
  newest=$(du -s --time=ctime --time-style=+%s%N -- "$1") || return 1
  newest=\${newest#*	}
  newest=\${newest%%	*}
  then=$(date -r "$2" +%s%N) || return 1
  [ "$newest" -le "$then" ]
}

# FOLDER FILE BEFORE AFTER: whether the file's first line names the folder by its inode.
is_named_in() {
  inode=$(stat -L -c %i -- "$1") || return 1
  line=
  [ -r "$2" ] || return 1
  IFS= read -r line <"$2" || :
  case $line in *"$3$inode$4"*) return 0 ;; esac
  return 1
}

tell_holders() {
  for process in /proc/[0-9]*; do
    for link in "$process/cwd" "$process/root" "$process/exe" "$process"/fd/*; do
      found=$(readlink "$link" 2>/dev/null) || continue
      [ "$found" != / ] || continue
      lies_in "$found" "$1" || continue
      name=
      read -r name 2>/dev/null <"$process/comm" || :
      say "  in use by $name (process \${process#/proc/}): $found"
      break
    done
  done
}
`;
