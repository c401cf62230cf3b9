/** What must hold before anything is undone. */
export const checks = `
# --- before anything

check_machine() {
  [ -e "$here/journal.jsonl" ] || refuse "there is no journal beside me: run me where I lie, in the folder of the run"
  [ "$force" = no ] || return 0
  machine_here=
  [ ! -r /etc/machine-id ] || read -r machine_here </etc/machine-id || :
  if [ -n "$machine" ] && [ "$machine" != "$machine_here" ]; then
    refuse "this is another machine than $host_name, on which the run began (its machine-id is $machine). Say -f when you know better, as in a rescue system whose / is the machine's own"
  fi
  [ "$(id -u)" = "$user" ] || refuse "the run was done by the user with the number $user, and this is $(id -u). Become that user, or say -f"
}

# The journal has the last word: what it says is newer than me.
check_journal() {
  rolled_back=0 moved=no
  while IFS= read -r line; do
    case $line in
    *'"type":"rollback.completed","to":'*) ;;
    *'"type":"rollback.completed"'*) rolled_back=$((rolled_back + 1)) ;;
    *'"type":"run.moved"'*) moved=yes ;;
    *'"type":"run.opened"'*) moved=no ;;
    esac
  done <"$here/journal.jsonl"
  [ "$moved" = no ] || refuse "the state of this run was moved, and this copy is closed: see the last line of $here/journal.jsonl, and run the undo.sh there"
  if [ "$rolled_back" -gt "$rollbacks" ] && [ "$force" = no ]; then
    refuse "this run was rolled back since I was written: there is nothing to undo. Say -f when you know better"
  fi
}

# TEXT NAME: what a line of JSON says of a name, in value.
field() {
  name="\\"$2\\":"
  value=\${1#*"$name"}
  value=\${value#\\"}
  value=\${value%%[\\",\\}]*}
}

# Nobody else may be at work on the run.
check_alone() {
  last=0
  for lock in "$here"/lock.*; do
    number=\${lock##*.}
    case $number in '' | *[!0-9]*) continue ;; esac
    [ "$number" -le "$last" ] || last=$number
  done
  owner=
  [ ! -r "$here/lock.$last" ] || IFS= read -r owner <"$here/lock.$last" || :
  case $owner in
  *'"pid":'*)
    field "$owner" pid && pid=$value
    field "$owner" startTime && since=$value
    field "$owner" bootId && lock_boot=$value
    if [ "$lock_boot" = "$boot_id" ]; then
      start_of "$pid"
      [ "$started" != "$since" ] || refuse "process $pid is at work on this run (migrate, or another undo.sh): let it end, or end it"
    fi
    ;;
  esac
  left=
  for process in /proc/[0-9]*; do
    case "$newline$(tr '\\0' '\\n' <"$process/environ")$newline" in
    *"\${newline}MIGRATE_RUN=$run$newline"*) left=\${process#/proc/} ;;
    esac
  done 2>/dev/null
  [ -z "$left" ] || refuse "process $left, which the run began, still works: end it first"
}

# Takes the run's lock as migrate itself does: the next number, by ln, which fails when another was faster.
take_lock() {
  [ "$dry" = no ] || return 0
  start_of "$$"
  machine_id=
  [ ! -r /etc/machine-id ] || read -r machine_id </etc/machine-id || :
  machine_id=\${machine:-$machine_id}
  [ -z "$machine_id" ] || machine_id="\\"machineId\\":\\"$machine_id\\","
  draft="$here/.lock-draft-undo-$$"
  last=$((last + 1))
  # On a full disk there is no room for it, and going back may be what makes room.
  {
    printf '{"pid":%s,"startTime":"%s","bootId":"%s",%s"pidNamespace":"%s","host":"%s","command":"sh undo.sh","since":"%s","flock":false}\\n' \\
      "$$" "$started" "$boot_id" "$machine_id" "$namespace" "$(uname -n)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$draft" &&
      make_durable "$draft"
  } || {
    rm -f "$draft"
    say "$here cannot be written (is the disk full?), so nobody is kept from working on this run beside me" >&2
    return 0
  }
  trap free_lock EXIT
  trap 'exit 130' INT
  trap 'exit 143' HUP TERM
  taken=no
  ! ln "$draft" "$here/lock.$last" 2>/dev/null || taken=yes
  rm -f "$draft"
  [ "$taken" = yes ] || refuse "another has just begun to work on this run: let it end, or end it"
}

# The highest number is never deleted: the next one says that it is free.
free_lock() {
  rm -f "$draft"
  [ "$taken" = yes ] || return 0
  printf '{"released":true}\\n' >"$draft" && ln "$draft" "$here/lock.$((last + 1))"
  rm -f "$draft"
}

# STEP WHY: past it there is no way back.
irreversible() {
  is_given "$1" && return 0
  refuse "\\"$1\\" was begun and cannot be undone: $2. Nothing was changed. What is left: copy the data back from where it is now, or restore the backup. When you have seen that it never happened: --done $1"
}
`;
