import type { RecordedUndo } from '../../journal/event.ts';
import { library } from './library.ts';
import { StepBlocks, type BreakGlassStep } from './step-blocks.ts';
import { harmless, seal, word } from './words.ts';

/** What a script for a rescue shell is made of. */
export interface BreakGlass {
  readonly run: string;
  readonly summary: string;
  readonly host: string;
  /** Of /etc/machine-id, where there is one. */
  readonly machineId: string | undefined;
  /** Number of the user that the run works as. */
  readonly user: number;
  /** ISO 8601, UTC. */
  readonly writtenAt: string;
  /** How often the run was rolled back as a whole: a journal that knows of one more is newer. */
  readonly rollbacks: number;
  /** Every step whose act may have begun, in the order in which they are undone. */
  readonly steps: readonly BreakGlassStep[];
}

/**
 * `undo.sh`: takes a run back on a machine on which nothing of this program runs any more. The shell never
 * reads beyond its `exit`; the steps stand behind that, earliest first, so that one more is written by appending it.
 *
 * @param blocks gets every step; what it gives next goes to the script's end
 */
export function breakGlassScript(given: BreakGlass, blocks = new StepBlocks()): string {
  const steps = given.steps.toReversed().flatMap((step) => {
    const block = blocks.next(step);
    return block === '' ? [] : [block, seal];
  });
  return [header(given), values(given), library, main, seal, ...steps].join('');
}

function header({ run, host, writtenAt, summary, steps }: BreakGlass): string {
  const sentences = steps.flatMap(({ id, undo }) => {
    const sentence = sentenceOf(undo);
    return sentence === undefined ? [] : [`${id}: ${sentence}`];
  });
  const lines = [
    `Takes back what the run ${run} did on ${host} (${summary}).`,
    `Written at ${writtenAt}, by migrate, which adds each step that changes something before it begins.`,
    '',
    `For a machine on which migrate does not start any more. Where it does, prefer: migrate rollback ${run}`,
    'It needs sh and coreutils, and whatever the commands below call. Look first: sh undo.sh -n',
    'It goes from the latest step to the earliest, asks before each action, and may be run again at any time.',
    '',
    ...(sentences.length === 0
      ? ['There is nothing in it that only a person could do.']
      : ['What it cannot do, and only a person can:', ...sentences.map((text) => `- ${text}`)]),
  ];
  const comment = lines.map((line) => `# ${harmless(line)}`.trimEnd()).join('\n');
  // What is recorded is quoted, so that nothing in it means anything (SC2016, SC1003), and a script needs but some of
  // the functions (SC2317).
  return `#!/bin/sh\n${comment}\n\n# shellcheck disable=SC1003,SC2016,SC2317\n`;
}

/** What only a person can do about an undo. It stands at the script's head, too. */
export function sentenceOf(undo: RecordedUndo): string | undefined {
  if (undo.kind === 'irreversible') return `cannot be undone: ${undo.why}`;
  return undo.kind === 'code' && typeof undo.breakGlass === 'string' ? undo.breakGlass : undefined;
}

function values({ run, host, machineId, user, rollbacks }: BreakGlass): string {
  return [
    '',
    `run=${word(run)}`,
    `host_name=${word(harmless(host))}`,
    `machine=${word(machineId ?? '')}`,
    `user=${user}`,
    `rollbacks=${rollbacks}`,
    // oxlint-disable-next-line no-template-curly-in-string -- it is the shell's
    'case $0 in */*) here=${0%/*} ;; *) here=. ;; esac',
    'here=$(cd -P -- "$here" && pwd) || exit 2',
    '',
  ].join('\n');
}

const main = `
yes=no dry=no force=no given=' '
while [ $# -gt 0 ]; do
  case $1 in
  -y) yes=yes ;;
  -n) dry=yes ;;
  -f) force=yes ;;
  --done)
    [ $# -ge 2 ] || usage 2
    given="$given$2 "
    shift
    ;;
  -h | --help) usage 0 ;;
  *) usage 2 ;;
  esac
  shift
done

look_at_boot
check_machine
check_journal
check_alone
take_lock

# Which functions undo something, the latest step's first, and whether the machine lives on what they undo.
all='' at_boot='' booted_since=no
covers() {
  all="$1 $all"
  [ $# -eq 1 ] || {
    at_boot="$1 $at_boot"
    same_boot "$2" || booted_since=yes
  }
}

undo_each() {
  for undo in "$@"; do "$undo"; done
}

# Of the steps at my end, those that are whole: one that was cut off was never begun.
number=0 first=0 whole=0
while IFS= read -r line; do
  number=$((number + 1))
  case $line in
  '# === steps '*) [ "$first" -gt 0 ] || first=$((number + 1)) ;;
  '${seal.trimEnd()}') whole=$number ;;
  esac
done <"$0"
if [ "$first" -eq 0 ] || [ "$whole" -lt "$first" ]; then refuse "I am not whole, or was not started as sh undo.sh"; fi
eval "$(head -n "$whole" "$0" | tail -n "+$first")"

ask_for_reboot() {
  say "Now reboot this machine: what is undone takes effect at the next boot, and nothing else can be undone before."
  say "After it, run me again: sh $here/undo.sh"
  exit 3
}

if [ -e "$here/undo.reboot" ]; then
  asked_in=
  IFS= read -r asked_in <"$here/undo.reboot" || :
  ! same_boot "$asked_in" || ask_for_reboot
elif [ "$booted_since" = yes ]; then
  say 'The machine has booted since, and lives on what is undone; so what takes effect at boot comes first.'
  # shellcheck disable=SC2086 # names of functions
  undo_each $at_boot
  if [ "$dry" = no ]; then
    { printf '%s\\n' "$boot" >"$here/undo.reboot" && make_durable "$here/undo.reboot"; } ||
      stop "$here/undo.reboot cannot be written: is the disk full?"
    ask_for_reboot
  fi
  say 'Then it asks for a reboot, and goes on after that:'
fi
# shellcheck disable=SC2086 # names of functions
undo_each $all
[ "$dry" = no ] || exit 0
say "All that this run did is undone. When migrate works again, let it take note: migrate rollback $run"
exit 0

# === steps that this run has begun, earliest first; they are undone from the latest to the earliest
`;
