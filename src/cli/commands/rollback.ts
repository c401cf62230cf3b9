import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

interface RollbackOptions {
  readonly to?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
}

export function addRollback(program: Program, invocation: Invocation): void {
  program
    .command('rollback')
    .description('undo what a run did, latest first; can be interrupted and called again')
    .argument('<run>', 'a run, or its runbook')
    .option('--to <step>', 'keep this step and all that began before it')
    .option('--dry-run', 'show what would be undone and change nothing')
    .option('-y, --yes', 'do not ask whether to begin')
    .addHelpText(
      'after',
      examples('migrate rollback wsl-nix-store --dry-run', 'migrate rollback wsl-nix-store --to warm-copy'),
    )
    .action(async (run, options, command) => {
      invocation.exitCode = await rollback(run, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function rollback(name: string, options: RollbackOptions, globals: Globals, { overrides }: Invocation) {
  const { recordResume, rollBack } = await import('../../engine/index.ts');
  const { atWork, hostFor } = await import('../at-work.ts');
  const { oneRun } = await import('../known-run.ts');
  const { runbookToRollBack } = await import('../pinned-runbook.ts');
  const { pickerFor } = await import('../pick-run.ts');
  const { placesOf } = await import('../places.ts');
  const { reopenRun } = await import('../reopen-run.ts');
  const { agreeToRollBack, mustBeRollable, showRollbackPlan } = await import('../rollback-plan.ts');
  const { mustBeStep } = await import('../step-argument.ts');
  const { terminalOf } = await import('../terminal.ts');
  const places = placesOf(globals);
  const terminal = await terminalOf(globals);
  const known = await oneRun(places.state, name, 'latest', pickerFor(terminal));
  const { to } = options;
  if (to !== undefined) mustBeStep(to, '--to', known.place.id, known.state.nodes);
  mustBeRollable(known.state, to);
  const boot = await hostFor(overrides).boot();
  if (options.dryRun === true) return showRollbackPlan(known.state, boot, to, globals, terminal);
  if (options.yes !== true) await agreeToRollBack(known.state, boot, to, terminal);
  const open = await reopenRun(known, places, overrides);
  const pinned = await runbookToRollBack(known.state, known.place);
  const notice =
    pinned === undefined
      ? 'the runbook cannot be loaded: undos that are code must be done by hand'
      : undefined;
  return atWork(
    { globals, overrides, open, runbook: pinned?.runbook, yes: options.yes ?? false, notices: [notice] },
    async (session) => {
      mustBeRollable(session.state, to);
      await recordResume(session);
      return rollBack(session, to === undefined ? {} : { to });
    },
  );
}
