import { Option } from '@commander-js/extra-typings';
import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { collect } from '../options/option-values.ts';

interface RollbackOptions {
  readonly to?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly laterWrites?: 'carry-back' | 'drop' | undefined;
  readonly acceptMissing: string[];
  readonly runbook?: string | undefined;
  readonly yes?: true | undefined;
  readonly detach?: true | undefined;
}

export function addRollback(program: Program, invocation: Invocation): void {
  program
    .command('rollback')
    .description('undo what a run did, latest first; can be interrupted and called again')
    .argument('<run>', 'a run, or its runbook')
    .option('--to <step>', 'keep this step and all that began before it')
    .option(
      '--dry-run',
      'show what would be undone, what it needs, and what would be lost, and change nothing',
    )
    .addOption(
      new Option(
        '--later-writes <what>',
        'what becomes of that which was written to the new side since the cut-over',
      ).choices(['carry-back', 'drop'] as const),
    )
    .option(
      '--accept-missing <step>',
      'undo this step although something that its undo needs is missing; repeat it for several',
      collect,
      [],
    )
    .addOption(
      new Option(
        '--runbook <file>',
        'undo by the code of this runbook, mended meanwhile, and not by that with which each step began',
        // Whoever mends an undo wants to see what comes of it; and the file may lie in this very folder.
      ).conflicts('detach'),
    )
    .option('-y, --yes', 'do not ask whether to begin')
    .option('--detach', 'go on as a transient unit of systemd, which outlives this terminal')
    .addHelpText(
      'after',
      examples(
        'migrate rollback wsl-nix-store --dry-run',
        'migrate rollback wsl-nix-store --to warm-copy',
        'migrate rollback wsl-nix-store --later-writes carry-back',
      ),
    )
    .action(async (run, options, command) => {
      invocation.exitCode = await rollback(run, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function rollback(name: string, options: RollbackOptions, globals: Globals, { overrides }: Invocation) {
  const { recordResume, rollBack, tellOfEnd } = await import('../../engine/index.ts');
  const { atWork } = await import('../work/at-work.ts');
  const { hostFor } = await import('../work/host-for.ts');
  const { oneRun } = await import('../runs/known-run.ts');
  const { mendedRunbook, runbookToRollBack } = await import('../runs/pinned-runbook.ts');
  const { pickerFor } = await import('../runs/pick-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { reopenRun } = await import('../runs/reopen-run.ts');
  const { agreeToRollBack, mustBeRollable, showRollbackPlan } = await import('../shown/rollback-plan.ts');
  const { mustBeStep } = await import('../options/step-argument.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const places = placesOf(globals);
  const terminal = await terminalOf(globals);
  const known = await oneRun(places.state, name, 'latest', pickerFor(terminal));
  const { to } = options;
  if (to !== undefined) mustBeStep(to, '--to', known.place.id, known.state.nodes);
  for (const step of options.acceptMissing)
    mustBeStep(step, '--accept-missing', known.place.id, known.state.nodes);
  mustBeRollable(known.state, to);
  if (options.dryRun === true) return showRollbackPlan(known, to, globals, terminal, overrides);
  const boot = await hostFor(overrides).boot();
  if (options.yes !== true) await agreeToRollBack(known.state, boot, to, terminal);
  if (options.detach === true) {
    const { detach, wordsFor } = await import('../attach/detach.ts');
    const words = [...wordsFor(process.argv.slice(2), name, known.place.id), '--yes'];
    const { clock } = hostFor(overrides);
    return detach({ place: known.place, state: known.state, words, globals, clock });
  }
  const mended = options.runbook === undefined ? undefined : await mendedRunbook(options.runbook, known);
  const open = await reopenRun(known, places, overrides);
  const pinned = mended ?? (await runbookToRollBack(known.state, known.place));
  const notice =
    pinned === undefined
      ? 'the runbook cannot be loaded: undos that are code must be done by hand'
      : undefined;
  return atWork(
    { globals, overrides, open, runbook: pinned?.runbook, yes: options.yes ?? false, notices: [notice] },
    async (session) => {
      mustBeRollable(session.state, to);
      await recordResume(session);
      const code = await mended?.keep();
      const ended = await rollBack(code === undefined ? session : { ...session, mended: true }, {
        ...(code === undefined ? {} : { code }),
        ...(to === undefined ? {} : { to }),
        laterWrites: options.laterWrites,
        acceptMissing: options.acceptMissing,
      });
      await tellOfEnd(session, ended, {});
      return ended;
    },
  );
}
