/** What is undone already, kept in `undo.done` for the script itself and for `migrate`. */
export const marks = `
# --- marks: what is undone, for me and for migrate

is_marked() {
  [ -e "$here/undo.done" ] || return 1
  while read -r marked key _; do
    if [ "$marked" = "$1" ] && [ "$key" = "$2" ]; then return 0; fi
  done <"$here/undo.done"
  return 1
}

is_given() {
  case $given in *" $1 "*) return 0 ;; esac
  return 1
}

# Without a mark the step is only undone once more, which does no harm.
mark() {
  { printf '%s %s %s %s\\n' "$1" "$2" "$(date +%s)" "$3" >>"$here/undo.done" && make_durable "$here/undo.done"; } ||
    say "  it could not be noted that $1 is undone: is the disk full?"
}

# STEP KEY TITLE: whether there is something left to undo of a step.
begin() {
  step=$1
  if is_marked "$1" "$2"; then
    say "$1: undone already"
    return 1
  fi
  say "$1: $3"
  is_given "$1" || return 0
  say '  undone by you, as you say'
  [ "$dry" = yes ] || mark "$1" "$2" person
  return 1
}

finish() { [ "$dry" = yes ] || mark "$1" "$2" script; }
`;
