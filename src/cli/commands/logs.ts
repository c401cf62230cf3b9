import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

interface LogsOptions {
  readonly follow?: true | undefined;
}

export function addLogs(program: Program, invocation: Invocation): void {
  program
    .command('logs')
    .description('show what the steps ran: commands, their output and exit codes, per attempt')
    .argument('<run>', 'a run, or its runbook')
    .argument('[step]', 'only this step')
    .option('-f, --follow', 'keep printing what comes, until the run is over')
    .addHelpText(
      'after',
      examples('migrate logs wsl-nix-store warm-copy', 'migrate logs wsl-nix-store --follow'),
    )
    .action(async (run, step, options, command) => {
      await logs(run, step, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function logs(
  name: string,
  step: string | undefined,
  options: LogsOptions,
  globals: Globals,
  { overrides }: Invocation,
) {
  const { logsDocument } = await import('../../render/documents/logs.ts');
  const { logsText } = await import('../../render/text/logs.ts');
  const { hostFor } = await import('../work/host-for.ts');
  const { followRun } = await import('../attach/follow-run.ts');
  const { oneRun } = await import('../runs/known-run.ts');
  const { pickerFor } = await import('../runs/pick-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { print } = await import('../terminal/print.ts');
  const { runLogs } = await import('../shown/run-logs.ts');
  const { mustBeStep } = await import('../options/step-argument.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const terminal = await terminalOf(globals);
  const known = await oneRun(placesOf(globals).state, name, 'latest', pickerFor(terminal));
  if (step !== undefined) mustBeStep(step, 'the step', known.place.id, known.state.nodes);
  if (options.follow === true) {
    return followRun(known.place, step, globals, terminal, hostFor(overrides).clock);
  }
  const document = await runLogs(known, step);
  print(globals, logsDocument, document, () => logsText(document, terminal.style));
}
