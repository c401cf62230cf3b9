import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

interface SettleOptions {
  readonly done?: true | undefined;
  readonly notStarted?: true | undefined;
  readonly undone?: true | undefined;
  readonly output?: string | undefined;
  readonly why: string;
}

export function addSettle(program: Program, invocation: Invocation): void {
  program
    .command('settle')
    .description('say what became of a step in doubt, when its probe cannot tell')
    .argument('<run>', 'a run, or its runbook')
    .argument('<step>', 'the step in doubt')
    .option('--done', 'its work is done; verified where the step can verify')
    .option('--not-started', 'nothing of it happened, so it may begin anew')
    .option('--undone', 'it was undone by hand')
    .option('--output <file>', 'with --done: the output of the step, as JSON')
    .requiredOption('--why <text>', 'how you know; it is kept in the journal')
    .addHelpText(
      'after',
      examples(
        'migrate settle move-home snapshot --done --why "zfs list -t snapshot shows it"',
        'migrate settle move-home copy --not-started --why "the target is empty"',
      ),
    )
    .action(async (run, step, options, command) => {
      const globals = globalsOf(command.optsWithGlobals());
      invocation.exitCode = await settleStep(run, step, options, globals, invocation);
    });
}

async function settleStep(
  name: string,
  step: string,
  options: SettleOptions,
  globals: Globals,
  { overrides }: Invocation,
) {
  const { acceptRunbook, mustBeOpen, settle } = await import('../../engine/index.ts');
  const { exitCodes } = await import('../../errors.ts');
  const { atWork } = await import('../work/at-work.ts');
  const { oneRun } = await import('../runs/known-run.ts');
  const { runbookToResume, runbookToRollBack } = await import('../runs/pinned-runbook.ts');
  const { pickerFor } = await import('../runs/pick-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { wordFor } = await import('../runs/run-again.ts');
  const { reopenRun } = await import('../runs/reopen-run.ts');
  const { readOutputFile, verdictOf } = await import('../work/settled.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const as = verdictOf(options);
  const output = options.output === undefined ? undefined : await readOutputFile(options.output);
  const places = placesOf(globals);
  const known = await oneRun(places.state, name, 'unfinished', pickerFor(await terminalOf(globals)));
  mustBeOpen(known.state, wordFor(known.state));
  const goesBack = known.state.status === 'rolling-back';
  // That something is undone can be said also when there is no runbook any more to go forward by.
  const bySource = goesBack || as === 'undone' ? runbookToRollBack : runbookToResume;
  const pinned = await bySource(known.state, known.place);
  const open = await reopenRun(known, places, overrides);
  const runbook = pinned?.runbook;
  return atWork({ globals, overrides, open, runbook, silent: true }, async (session) => {
    mustBeOpen(session.state);
    if (runbook !== undefined && bySource === runbookToResume)
      await acceptRunbook(session, runbook, false, pinned?.pin);
    await settle(session, step, as, options.why, output);
    return {
      status: 'settled' as const,
      exitCode: exitCodes.done,
      step,
      message: `"${step}" is settled as ${as}`,
      hint: `Go on with: migrate ${goesBack ? 'rollback' : 'resume'} ${known.place.id}`,
    };
  });
}
