import { examples, type Program } from '../base-program.ts';
import { exitCodes } from '../../errors.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

export function addStatus(program: Program, invocation: Invocation): void {
  program
    .command('status')
    .description('tell where a run stands, what it waits for, and until when and to where one can return')
    .argument('[run]', 'a run, or its runbook; every unfinished run when left out')
    .option('-w, --watch', 'keep looking until the run is over')
    .addHelpText('after', examples('migrate status', 'migrate status wsl-nix-store --watch'))
    .action(async (run, options, command) => {
      const globals = globalsOf(command.optsWithGlobals());
      invocation.exitCode = await status(run, options.watch ?? false, globals, invocation);
    });
}

async function status(name: string | undefined, watch: boolean, globals: Globals, { overrides }: Invocation) {
  const { hostFor } = await import('../at-work.ts');
  const { placesOf } = await import('../places.ts');
  const { readStatus, showStatus, watchStatus } = await import('../read-status.ts');
  const { terminalOf } = await import('../terminal.ts');
  const { clock } = hostFor(overrides);
  const places = placesOf(globals);
  const terminal = await terminalOf(globals);
  const read = () => readStatus(places.state, name, clock);
  if (watch) {
    await watchStatus(read, globals, terminal, clock);
    return exitCodes.done;
  }
  return showStatus(await read(), globals, terminal, clock);
}
