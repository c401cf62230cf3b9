/** Asking, running, and putting files back. */
export const acting = `
# --- asking, and what is done

# Whether what follows applies; says so where it does not.
only() {
  what=$1
  shift
  "$@" && return 0
  say "  nothing to do: $what"
  return 1
}

demand() {
  what=$1
  shift
  "$@" && return 0
  [ "$dry" = no ] || {
    say "  would stop here: $what"
    return 0
  }
  stop "$what"
}

# Whether the action is to be done: asks, unless told not to.
action() {
  say "  -> $1"
  [ "$dry" = no ] || return 1
  [ "$yes" = no ] || return 0
  printf '     do it? y = yes, s = pass over it, anything else stops [y/N/s] '
  answer=
  read -r answer <&3 || say '(nobody answers; -y does not ask)'
  case $answer in
  y | Y | yes) return 0 ;;
  s | S)
    say '     passed over; it is on you now'
    return 1
    ;;
  esac
  stop 'as you said'
}

# What only a person can do.
by_hand() {
  say "  BY HAND: $2"
  [ "$dry" = no ] || return 0
  [ "$yes" = no ] || stop "this is for you to do; then run me with: --done $1"
  printf '     have you done so? y = yes, anything else stops [y/N] '
  answer=
  read -r answer <&3 || :
  case $answer in y | Y | yes) return 0 ;; esac
  stop "do it, or say --done $1 when it is not needed"
}

has_program() { command -v "$1" >/dev/null 2>&1 || stop "there is no program $1 here"; }

readable() { cat -- "$1" >/dev/null || stop "the secret in the file $1 cannot be read"; }

# CODE ACCEPTED...
accept() {
  code=$1
  shift
  for good in "$@"; do
    [ "$code" != "$good" ] || return 0
  done
  stop "that command exited with $code"
}

# FILE HASH EXPECTED-HASH MODE TIME HASH..., the content on standard input. "none" is the hash of no file; the
# further ones are of what earlier steps put the file back to.
restore() {
  file=$1
  if [ -L "$file" ]; then file=$(readlink -f -- "$file") || stop "$1 is a symlink that leads nowhere"; fi
  hash_of "$file"
  if [ "$hash" != "$2" ]; then
    number=0
    for further in "$@"; do
      number=$((number + 1))
      if [ "$number" -le 5 ] || [ "$hash" != "$further" ]; then continue; fi
      say '     it is further back already'
      return 0
    done
    if [ -n "$3" ] && [ "$hash" != "$3" ]; then
      stop "$file was changed by somebody since, so it is not put back. Put the change aside, restore the file, and say --done $step"
    fi
    if [ "$2" = none ]; then
      rm -f -- "$file" || stop "$file cannot be removed"
    else
      new=\${file%/*}/.migrate-undo-new
      rm -f -- "$new"
      if [ -e "$file" ]; then
        # Owner, mode and attributes; the content is written over.
        cp -p -- "$file" "$new" || stop "there is no room beside $file, or it may not be written"
      fi
      cat >"$new" || stop "$new cannot be written"
      hash_of "$new"
      [ "$hash" = "$2" ] || stop "$new does not hold what it should; $file is as it was"
      looks "$new" "$4" "$5"
      make_durable "$new"
      mv -f -- "$new" "$file" || stop "$file cannot be replaced"
    fi
    make_durable "\${file%/*}/"
  elif [ "$2" != none ]; then
    looks "$file" "$4" "$5"
  fi
}

looks() {
  [ -z "$2" ] || chmod -- "$2" "$1" || stop "the mode of $1 cannot be set"
  [ -z "$3" ] || touch -d "@$3" -- "$1" 2>/dev/null || touch -d "@\${3%.*}" -- "$1" ||
    say "  the time of $1 could not be set; it is $3 seconds since 1970"
}
`;
