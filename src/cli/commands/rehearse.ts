import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { collect, readCount } from '../options/option-values.ts';

interface RehearseOptions {
  readonly set: string[];
  readonly keep?: true | undefined;
  readonly crash?: string | undefined;
  readonly points?: string | undefined;
  readonly sample?: number | undefined;
  readonly seed?: number | undefined;
  readonly case: string[];
}

export function addRehearse(program: Program, invocation: Invocation): void {
  program
    .command('rehearse')
    .description('run a runbook for real in a throw-away miniature world')
    .argument('<runbook>', 'its id, or the path of a file such as ./my-runbook.ts')
    .option('--set <key=value>', 'override a parameter of the rehearsal; repeat it for several', collect, [])
    .option('--keep', 'keep the world for a look, instead of removing it')
    .option(
      '--crash <step>',
      'kill migrate in the middle of this step, or at POINT:STEP, and resume; `everywhere`: at every point of every step, in turn',
    )
    .option(
      '--points <list>',
      'with --crash everywhere: these points only, such as mid-act,before-checkpoint',
    )
    .option(
      '--sample <n>',
      'with --crash everywhere: so many cases, drawn by chance, besides --points',
      readCount,
    )
    .option('--seed <n>', 'with --crash everywhere: what chance draws by, to draw the same again', readCount)
    .option(
      '--case <case>',
      'with --crash everywhere: this case alone, as it was printed; repeat it for several',
      collect,
      [],
    )
    .addHelpText(
      'after',
      examples(
        'migrate rehearse wsl-nix-store',
        'migrate rehearse wsl-nix-store --crash warm-copy',
        'migrate rehearse ./my-runbook.ts --crash everywhere',
        'migrate rehearse ./my-runbook.ts --crash everywhere --points mid-act --sample 20',
        'migrate rehearse ./my-runbook.ts --crash everywhere --case undo/mid-undo:copy',
      ),
    )
    .action(async (runbook, options, command) => {
      const globals = globalsOf(command.optsWithGlobals());
      invocation.exitCode = await rehearse(runbook, options, globals);
    });
}

async function rehearse(name: string, options: RehearseOptions, globals: Globals) {
  const { rehearseRunbook } = await import('../shown/rehearse-runbook.ts');
  return rehearseRunbook(name, options, globals);
}
