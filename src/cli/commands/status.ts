import { Option } from '@commander-js/extra-typings';
import { examples, type Program } from '../base-program.ts';
import { exitCodes } from '../../errors.ts';
import type { KnownRun } from '../runs/known-run.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

export function addStatus(program: Program, invocation: Invocation): void {
  program
    .command('status')
    .description('tell where a run stands, what it waits for, and until when and to where one can return')
    .argument('[run]', 'a run, or its runbook; every unfinished run when left out')
    .option('-w, --watch', 'keep looking until the run is over')
    .addOption(
      new Option(
        '--probe',
        'look also at what the way back needs and would lose; it may take a while',
      ).conflicts('watch'),
    )
    .addHelpText('after', examples('migrate status', 'migrate status wsl-nix-store --watch'))
    .action(async (run, options, command) => {
      const globals = globalsOf(command.optsWithGlobals());
      invocation.exitCode = await status(run, options, globals, invocation);
    });
}

interface StatusOptions {
  readonly watch?: true | undefined;
  readonly probe?: true | undefined;
}

async function status(
  name: string | undefined,
  { watch, probe }: StatusOptions,
  globals: Globals,
  { overrides }: Invocation,
) {
  const { hostFor } = await import('../work/host-for.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { readStatus, showStatus, watchStatus } = await import('../shown/read-status.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const { clock } = hostFor(overrides);
  const places = placesOf(globals);
  const terminal = await terminalOf(globals);
  const look = async (run: KnownRun) => {
    // It brings in all that does a rollback, which takes longer than to tell a status.
    const { lookBack } = await import('../shown/look-back.ts');
    return (await lookBack(run, undefined, overrides)).look;
  };
  const read = () => readStatus(places.state, name, clock, probe === true ? look : undefined);
  if (watch === true) {
    await watchStatus(read, globals, terminal, clock);
    return exitCodes.done;
  }
  return showStatus(await read(), globals, terminal, clock);
}
