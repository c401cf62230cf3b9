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

# Whether a folder holds something, besides what its file system and a rollback keep in it.
is_filled() {
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case $entry in */lost+found | */.migrate-aside-*) continue ;; esac
    if [ -e "$entry" ] || [ -L "$entry" ]; then return 0; fi
  done
  return 1
}

# FOLDER FILE...: whether something in the folder was written since one of the files was. What cannot be told was.
written_since() {
  folder=$1
  shift
  for file in "$@"; do
    [ -e "$file" ] || continue
    newest=$(du -s --time=ctime --time-style=+%s%N -- "$folder") || return 0
    newest=\${newest#*	}
    newest=\${newest%%	*}
    then=$(date -r "$file" +%s%N) || return 0
    [ "$newest" -le "$then" ] || return 0
  done
  return 1
}

unwritten_since() { ! written_since "$@"; }

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
