import { Option } from '@commander-js/extra-typings';
import { exitCodes } from '../../errors.ts';
import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { collect, readJobs } from '../options/option-values.ts';

interface RunOptions {
  readonly set: string[];
  readonly params?: string | undefined;
  readonly yes?: true | undefined;
  readonly until?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly jobs?: number | undefined;
  readonly wait?: true | undefined;
  readonly detach?: true | undefined;
  readonly orResume?: true | undefined;
}

export function addRun(program: Program, invocation: Invocation): void {
  program
    .command('run')
    .description('run a runbook')
    .argument('<runbook>', 'its id, or the path of a file such as ./my-runbook.ts')
    .option('--set <key=value>', 'set a parameter; repeat it for several', collect, [])
    .option('--params <file>', 'read parameters from a JSON file; --set wins')
    .option('-y, --yes', 'agree to ordinary questions; never to manual gates or to what cannot be undone')
    .option('--until <step>', 'stop well when this step is done')
    .option('--dry-run', 'show the plan and change nothing')
    .option('--jobs <n>', 'how many independent steps may run at once (default: 1)', readJobs)
    .option('--wait', 'stay at a soak until it opens')
    .option('--detach', 'go on as a transient unit of systemd, which outlives this terminal')
    .addOption(
      new Option('--or-resume', 'go on with an unfinished run of the same parameters').conflicts('detach'),
    )
    .addHelpText(
      'after',
      examples(
        'migrate run wsl-nix-store --params nix.json --set subfolder=nixos',
        'migrate run ./my-runbook.ts --params params.json --until backup',
      ),
    )
    .action(async (runbook, options, command) => {
      invocation.exitCode = await run(runbook, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function run(name: string, options: RunOptions, globals: Globals, invocation: Invocation) {
  const { overrides } = invocation;
  const { loadRunbook } = await import('../../host/runbook-file.ts');
  const { readParameters } = await import('../parameters/read.ts');
  const { quoteWord } = await import('../../runbook/command.ts');
  const { mustBeStep } = await import('../options/step-argument.ts');
  const loaded = await loadRunbook(name);
  const { runbook } = loaded;
  if (options.until !== undefined) mustBeStep(options.until, '--until', runbook.id, runbook.nodes);
  const params = await readParameters(
    runbook.params,
    { set: options.set, file: options.params },
    `the runbook ${runbook.id}`,
    `migrate show ${quoteWord(name)} lists the parameters. Nothing was changed.`,
  );
  if (options.dryRun === true) {
    const { showPlan } = await import('../shown/show-plan.ts');
    return showPlan({ loaded, params, globals, overrides });
  }
  if (options.orResume === true) {
    const { unfinishedRunWith } = await import('../runs/unfinished-with.ts');
    const { placesOf } = await import('../runs/places.ts');
    const unfinished = await unfinishedRunWith(placesOf(globals).state, runbook.id, params);
    if (unfinished !== undefined) {
      const { resume } = await import('./resume.ts');
      const { yes, wait, until, jobs } = options;
      return resume(
        unfinished,
        { yes, wait, until, jobs, acceptIrreversible: [], awaitMount: [] },
        globals,
        invocation,
      );
    }
  }
  if (runbook.nothingToDo !== undefined) {
    const { isNothingToDo } = await import('../work/nothing-to-do.ts');
    if (await isNothingToDo(runbook, params, globals, overrides)) return exitCodes.done;
  }
  const { detach, mustDetach, wordsOfRun } = await import('../attach/detach.ts');
  if (options.detach === true) mustDetach(params);
  const { advance } = await import('../../engine/index.ts');
  const { atWork } = await import('../work/at-work.ts');
  const { hostFor } = await import('../work/host-for.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { stderr } = await import('../terminal/process-streams.ts');
  const { preferences } = await import('../options/preferences.ts');
  const { startRun } = await import('../runs/start-run.ts');
  const jobs = options.jobs ?? (await preferences()).jobs;
  const notices: string[] = [];
  const open = await startRun({
    overrides,
    loaded,
    params,
    places: placesOf(globals),
    host: hostFor(overrides, params),
    warn: (text) => notices.push(text),
    ...(overrides.resumesByItself === true ? { resumesByItself: async () => true } : {}),
  });
  if (options.detach === true) {
    const { place, state } = open;
    await open.close();
    const { clock } = hostFor(overrides);
    for (const notice of notices) stderr.write(`${notice}\n`);
    return detach({ place, state, words: wordsOfRun(place.id, { ...options, jobs }), globals, clock });
  }
  return atWork(
    { globals, overrides, open, runbook, fresh: true, yes: options.yes ?? false, notices },
    (session) =>
      advance(session, {
        jobs,
        wait: options.wait ?? false,
        leaveUnconfirmed: overrides.leaveUnconfirmed ?? false,
        takesUndecided: overrides.takesUndecided ?? false,
        ...(options.until === undefined ? {} : { until: options.until }),
      }),
  );
}
