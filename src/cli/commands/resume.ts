import { Option } from '@commander-js/extra-typings';
import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';
import { collect, readJobs } from '../options/option-values.ts';

interface ResumeOptions {
  readonly yes?: true | undefined;
  readonly wait?: true | undefined;
  readonly acceptChanges?: true | undefined;
  readonly acceptIrreversible: string[];
  readonly until?: string | undefined;
  readonly jobs?: number | undefined;
  readonly unattended?: 'boot' | 'timer' | undefined;
  readonly awaitMount: string[];
  readonly detach?: true | undefined;
}

export function addResume(program: Program, invocation: Invocation): void {
  program
    .command('resume')
    .description('go on with an unfinished run, after a gate, a reboot, a crash or Ctrl-C')
    .argument('[run]', 'a run, or its runbook; the only unfinished run when left out')
    .option('-y, --yes', 'agree to ordinary questions; never to manual gates or to what cannot be undone')
    .option('--wait', 'stay at a soak until it opens')
    .option('--accept-changes', 'go on although the runbook was edited where it is already done')
    .option(
      '--accept-irreversible <step>',
      'consent to a step that cannot be undone, once the soak before it has opened; repeat it for several',
      collect,
      [],
    )
    .option('--until <step>', 'stop well when this step is done')
    .addOption(
      new Option('--unattended <by>', 'nobody is there: used by the units that go on by themselves')
        .choices(['boot', 'timer'] as const)
        .conflicts(['yes', 'wait', 'until', 'acceptChanges', 'acceptIrreversible', 'detach'])
        .hideHelp(),
    )
    .addOption(
      new Option('--await-mount <point>', 'where the state folder is mounted, for --unattended')
        .argParser(collect)
        .default([] as string[])
        .hideHelp(),
    )
    .option('--detach', 'go on as a transient unit of systemd, which outlives this terminal')
    .option('--jobs <n>', 'how many independent steps may run at once (default: 1)', readJobs)
    .addHelpText(
      'after',
      examples(
        'migrate resume',
        'migrate resume wsl-nix-store --wait',
        'migrate resume --accept-irreversible cleanup',
      ),
    )
    .action(async (run, options, command) => {
      invocation.exitCode = await resume(run, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

export async function resume(
  name: string | undefined,
  options: ResumeOptions,
  globals: Globals,
  { overrides }: Invocation,
) {
  if (options.unattended !== undefined) {
    const { resumeUnattended } = await import('../unattended/resume-unattended.ts');
    const { unattended: by, awaitMount, jobs } = options;
    return resumeUnattended(name, { by, awaitMount, jobs, globals, overrides });
  }
  const { acceptRunbook, advance, goBackIfDue, mustBeOpen, recordResume, rollBack, tellOfEnd } =
    await import('../../engine/index.ts');
  const { isDue } = await import('../../plan/deadline.ts');
  const { atWork } = await import('../work/at-work.ts');
  const { hostFor } = await import('../work/host-for.ts');
  const { hungProcess, refuseHung } = await import('../unattended/hung-run.ts');
  const { oneRun } = await import('../runs/known-run.ts');
  const { runbookToResume, runbookToRollBack } = await import('../runs/pinned-runbook.ts');
  const { pickerFor } = await import('../runs/pick-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { wordFor } = await import('../runs/run-again.ts');
  const { preferences } = await import('../options/preferences.ts');
  const { reopenRun } = await import('../runs/reopen-run.ts');
  const { mustBeStep } = await import('../options/step-argument.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const { changedTools } = await import('../runs/tool-versions.ts');
  const places = placesOf(globals);
  const known = await oneRun(places.state, name, 'unfinished', pickerFor(await terminalOf(globals)));
  mustBeOpen(known.state, wordFor(known.state));
  const jobs = options.jobs ?? (await preferences()).jobs;
  const now = { clock: hostFor(overrides).clock, boot: await hostFor(overrides).boot() };
  const hung = await hungProcess(known, now);
  if (hung !== undefined) refuseHung(hung, known.place.id);
  // What nobody confirmed is taken back whatever became of the runbook.
  const goesBack = known.state.status === 'rolling-back' || isDue(known.state, now.clock.now(), now.boot);
  const pinned = await (goesBack ? runbookToRollBack : runbookToResume)(known.state, known.place);
  const nodes = pinned?.runbook.nodes ?? [];
  if (options.until !== undefined) mustBeStep(options.until, '--until', known.place.id, nodes);
  for (const step of options.acceptIrreversible) {
    mustBeStep(step, '--accept-irreversible', known.place.id, nodes);
  }
  if (options.detach === true) {
    const { detach, wordsFor } = await import('../attach/detach.ts');
    const words = wordsFor(process.argv.slice(2), name, known.place.id);
    return detach({ place: known.place, state: known.state, words, globals, clock: now.clock });
  }
  const tools = await changedTools(pinned?.runbook.tools ?? [], known.state.tools, hostFor(overrides));
  const open = await reopenRun(known, places, overrides);
  return atWork(
    {
      globals,
      overrides,
      open,
      runbook: pinned?.runbook,
      yes: options.yes ?? false,
      accepted: options.acceptIrreversible,
      notices: [pinned?.notice, ...tools.notices],
    },
    async (session) => {
      mustBeOpen(session.state);
      if (session.state.status === 'rolling-back' || pinned === undefined) {
        await recordResume(session, tools.changed);
        const ended = await rollBack(session, {});
        await tellOfEnd(session, ended, {});
        return ended;
      }
      if (goesBack) {
        await recordResume(session, tools.changed);
        const back = await goBackIfDue(session);
        if (back !== undefined) return back;
      }
      await acceptRunbook(session, pinned.runbook, options.acceptChanges ?? false, pinned.pin);
      await recordResume(session, tools.changed);
      return advance(session, {
        jobs,
        wait: options.wait ?? false,
        leaveUnconfirmed: overrides.leaveUnconfirmed ?? false,
        takesUndecided: overrides.takesUndecided ?? false,
        ...(options.until === undefined ? {} : { until: options.until }),
      });
    },
  );
}
