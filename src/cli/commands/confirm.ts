import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { collect } from '../options/option-values.ts';

export function addConfirm(program: Program, invocation: Invocation): void {
  program
    .command('confirm')
    .description('open a gate that waits for your word; or say in time that the machine can still be reached')
    .argument('<run>', 'a run, or its runbook')
    .argument('<gate>', 'the gate, or the step that is undone unless somebody confirms it')
    .option('--set <key=value>', 'answer what the gate asks for; repeat it for several', collect, [])
    .addHelpText(
      'after',
      examples('migrate confirm replace-disk-20261121-k3f9 new-disk-in --set serial=WD-1234'),
    )
    .action(async (run, gate, options, command) => {
      const globals = globalsOf(command.optsWithGlobals());
      invocation.exitCode = await confirm(run, gate, options.set, globals, invocation);
    });
}

async function confirm(
  name: string,
  gate: string,
  set: readonly string[],
  globals: Globals,
  { overrides }: Invocation,
) {
  const { acceptRunbook, mustBeOpen, openGateByHand } = await import('../../engine/index.ts');
  const { exitCodes, UsageError } = await import('../../errors.ts');
  const { atWork } = await import('../work/at-work.ts');
  const { confirmStep, isArmed } = await import('../work/confirm-step.ts');
  const { gateInput, mustBePersonGate } = await import('../options/gate-input.ts');
  const { oneRun } = await import('../runs/known-run.ts');
  const { runbookToResume } = await import('../runs/pinned-runbook.ts');
  const { pickerFor } = await import('../runs/pick-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { wordFor } = await import('../runs/run-again.ts');
  const { reopenRun } = await import('../runs/reopen-run.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const places = placesOf(globals);
  const known = await oneRun(places.state, name, 'unfinished', pickerFor(await terminalOf(globals)));
  mustBeOpen(known.state, wordFor(known.state));
  if (isArmed(known.state, gate)) {
    if (set.length > 0)
      throw new UsageError('gate.input', `the step ${gate} asks for nothing`, 'Leave out --set.');
    return confirmStep(known, gate, { places, globals, overrides });
  }
  const { runbook, pin } = await runbookToResume(known.state, known.place);
  const node = mustBePersonGate(runbook, gate, known.place.id);
  const given = gateInput(node, set);
  const open = await reopenRun(known, places, overrides);
  return atWork({ globals, overrides, open, runbook, silent: true }, async (session) => {
    mustBeOpen(session.state);
    await acceptRunbook(session, runbook, false, pin);
    await openGateByHand(session, node, given);
    return {
      status: 'opened' as const,
      exitCode: exitCodes.done,
      step: gate,
      message: `"${gate}" is open`,
      hint: `Go on with: migrate resume ${known.place.id}`,
    };
  });
}
