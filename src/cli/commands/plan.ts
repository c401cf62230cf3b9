import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { collect } from '../options/option-values.ts';

interface PlanOptions {
  readonly set: string[];
  readonly params?: string | undefined;
}

export function addPlan(program: Program, invocation: Invocation): void {
  program
    .command('plan')
    .description('show what would happen here, with the exact commands; changes nothing')
    .argument('<runbook>', 'its id, or the path of a file such as ./my-runbook.ts')
    .option('--set <key=value>', 'set a parameter; repeat it for several', collect, [])
    .option('--params <file>', 'read parameters from a JSON file; --set wins')
    .addHelpText(
      'after',
      `${examples('migrate plan wsl-nix-store --params nix.json --set subfolder=nixos')}
While a run of the runbook is unfinished, and no parameters are given, it shows
what is left of that run.
`,
    )
    .action(async (runbook, options, command) => {
      invocation.exitCode = await plan(runbook, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function plan(name: string, options: PlanOptions, globals: Globals, { overrides }: Invocation) {
  const { loadRunbook } = await import('../../host/runbook-file.ts');
  const { readParameters } = await import('../parameters/read.ts');
  const { quoteWord } = await import('../../runbook/command.ts');
  const { showPlan } = await import('../shown/show-plan.ts');
  const { unfinishedRunOf } = await import('../runs/known-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const loaded = await loadRunbook(name);
  const { runbook } = loaded;
  const given = options.set.length > 0 || options.params !== undefined;
  const unfinished = given ? undefined : await unfinishedRunOf(placesOf(globals).state, runbook.id);
  if (unfinished !== undefined) {
    const { state } = unfinished;
    return showPlan({ loaded, params: state.params, globals, overrides, state });
  }
  const params = await readParameters(
    runbook.params,
    { set: options.set, file: options.params },
    `the runbook ${runbook.id}`,
    `migrate show ${quoteWord(name)} lists the parameters.`,
  );
  return showPlan({ loaded, params, globals, overrides });
}
