import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

export function addAttach(program: Program, invocation: Invocation): void {
  program
    .command('attach')
    .description('show a run at which another process is at work, until that ends; Ctrl-C leaves it running')
    .argument('[run]', 'a run, or its runbook; the only unfinished run when left out')
    .addHelpText('after', examples('migrate attach', 'migrate attach wsl-nix-store'))
    .action(async (run, _options, command) => {
      invocation.exitCode = await attach(run, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function attach(name: string | undefined, globals: Globals, { overrides }: Invocation) {
  const { hostFor } = await import('../work/host-for.ts');
  const { attachRun } = await import('../attach/attach-run.ts');
  const { oneRun } = await import('../runs/known-run.ts');
  const { pickerFor } = await import('../runs/pick-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const terminal = await terminalOf(globals);
  const known = await oneRun(placesOf(globals).state, name, 'latest', pickerFor(terminal));
  return attachRun(known, globals, terminal, hostFor(overrides).clock);
}
