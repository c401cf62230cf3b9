import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { collect } from '../options/option-values.ts';

interface CheckOptions {
  readonly set: string[];
  readonly params?: string | undefined;
}

export function addCheck(program: Program, invocation: Invocation): void {
  program
    .command('check')
    .description('tell how what a runbook is about is now, check by check; changes nothing')
    .argument('<runbook>', 'its id, or the path of a file such as ./my-runbook.ts')
    .option('--set <key=value>', 'set a parameter; repeat it for several', collect, [])
    .option('--params <file>', 'read parameters from a JSON file; --set wins')
    .addHelpText(
      'after',
      `${examples('migrate check sonarr', 'migrate check ./acceptance.ts --set service=sonarr --json')}
Its health checks run, or where it has none the checks among its steps: no step acts, no
gate waits, and no run is recorded. Without --set and --params the parameters are those of
its run here: the unfinished one, or for its health the latest that was completed. Exit code 0:
every check says PASS. 7: one says PARTIAL. 8: one says BLOCKED, so it could not be found
out here. 1: one says FAIL.
`,
    )
    .action(async (runbook, options, command) => {
      invocation.exitCode = await check(runbook, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function check(name: string, options: CheckOptions, globals: Globals, { overrides }: Invocation) {
  const { loadRunbook } = await import('../../host/runbook-file.ts');
  const { readParameters } = await import('../parameters/read.ts');
  const { quoteWord } = await import('../../runbook/command.ts');
  const { checkRunbook, mustHaveChecks } = await import('../shown/check-runbook.ts');
  const { runInForce, unfinishedRunOf } = await import('../runs/known-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const loaded = await loadRunbook(name);
  const { runbook } = loaded;
  mustHaveChecks(loaded);
  const given = options.set.length > 0 || options.params !== undefined;
  const find = runbook.health.length > 0 ? runInForce : unfinishedRunOf;
  const run = given ? undefined : await find(placesOf(globals).state, runbook.id);
  if (run !== undefined) return checkRunbook({ loaded, params: run.state.params, globals, overrides, run });
  const params = await readParameters(
    runbook.params,
    { set: options.set, file: options.params },
    `the runbook ${runbook.id}`,
    `migrate show ${quoteWord(name)} lists the parameters.`,
  );
  return checkRunbook({ loaded, params, globals, overrides, run });
}
