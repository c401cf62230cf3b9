import type { RecordedUndo } from '../../journal/event.ts';
import type { BootIdentity } from '../../runbook/index.ts';
import { undoLines } from './actions.ts';
import { library } from './library.ts';
import { markKey } from './marks.ts';
import { harmless, word, words } from './words.ts';

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

export interface BreakGlassStep {
  readonly id: string;
  readonly title: string;
  readonly effective: 'now' | 'at-boot';
  /** In which the step was begun first. */
  readonly boot: BootIdentity;
  readonly undo: RecordedUndo;
}

/** `undo.sh`: takes a run back on a machine on which nothing of this program runs any more. */
export function breakGlassScript(given: BreakGlass): string {
  const steps = given.steps.map((step, index) => ({ ...step, name: `undo_${index + 1}` }));
  const undoable = steps.filter(({ undo }) => undo.kind === 'data' || undo.kind === 'code');
  const atBoot = undoable.filter(({ effective }) => effective === 'at-boot');
  return [
    header(given),
    values(given),
    library,
    `\n# --- what this run did, latest first -------------------------------------------------------------\n`,
    ...undoable.map((step, index) => stepFunction(step, undoable.slice(index + 1))),
    `\nundo_all() {\n${calls(undoable)}}\n`,
    `\nundo_what_boots() {\n${calls(atBoot)}}\n`,
    `\nrefuse_irreversible() {\n${refusals(steps)}}\n`,
    `\n# The machine lives on what is undone when it has booted since.\nbooted_since() {\n${bootsSince(atBoot)}}\n`,
    main,
  ].join('');
}

function header({ run, host, writtenAt, summary, steps }: BreakGlass): string {
  const sentences = steps.flatMap(({ id, undo }) => {
    if (undo.kind === 'irreversible') return [`${id}: cannot be undone: ${undo.why}`];
    return undo.kind === 'code' && typeof undo.breakGlass === 'string' ? [`${id}: ${undo.breakGlass}`] : [];
  });
  const lines = [
    `Takes back what the run ${run} did on ${host} (${summary}).`,
    `Written at ${writtenAt}, by migrate, before each step that changes something.`,
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

type Named = BreakGlassStep & { readonly name: string };

function stepFunction({ name, id, title, undo }: Named, earlier: readonly Named[]): string {
  const call = words([id, markKey(id, undo)]);
  const lines = undoLines(
    id,
    undo,
    earlier.map((step) => step.undo),
  );
  return `\n${name}() {\n  begin ${call} ${word(harmless(title))} || return 0\n${lines}  finish ${call}\n}\n`;
}

function calls(steps: readonly Named[]): string {
  return steps.length === 0 ? '  :\n' : steps.map(({ name }) => `  ${name}\n`).join('');
}

function refusals(steps: readonly Named[]): string {
  const lines = steps.flatMap(({ id, undo }) =>
    undo.kind === 'irreversible' ? [`  irreversible ${words([id, harmless(undo.why)])}\n`] : [],
  );
  return lines.length === 0 ? '  :\n' : lines.join('');
}

function bootsSince(atBoot: readonly Named[]): string {
  const lines = atBoot.map(({ boot: { bootId, initStart, pidNamespace } }) => {
    const boot = word([bootId, initStart, pidNamespace].join(' '));
    return `  same_boot ${boot} || return 0\n`;
  });
  return `${lines.join('')}  return 1\n`;
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
refuse_irreversible

ask_for_reboot() {
  say "Now reboot this machine: what is undone takes effect at the next boot, and nothing else can be undone before."
  say "After it, run me again: sh $here/undo.sh"
  exit 3
}

if [ -e "$here/undo.reboot" ]; then
  asked_in=
  IFS= read -r asked_in <"$here/undo.reboot" || :
  ! same_boot "$asked_in" || ask_for_reboot
elif booted_since; then
  say 'The machine has booted since, and lives on what is undone; so what takes effect at boot comes first.'
  undo_what_boots
  if [ "$dry" = no ]; then
    { printf '%s\\n' "$boot" >"$here/undo.reboot" && make_durable "$here/undo.reboot"; } ||
      stop "$here/undo.reboot cannot be written: is the disk full?"
    ask_for_reboot
  fi
  say 'Then it asks for a reboot, and goes on after that:'
fi
undo_all
[ "$dry" = no ] || exit 0
say "All that this run did is undone. When migrate works again, let it take note: migrate rollback $run"
`;
