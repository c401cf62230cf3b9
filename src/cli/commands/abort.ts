import { examples, type Program } from '../base-program.ts';
import { globalsOf, type Globals, type Invocation } from '../invocation.ts';

interface AbortOptions {
  readonly why: string;
  readonly yes?: true | undefined;
}

export function addAbort(program: Program, invocation: Invocation): void {
  program
    .command('abort')
    .description('end a run without undoing anything: frees what it holds, lists what remains')
    .argument('<run>', 'a run, or its runbook')
    .option('--why <text>', 'your reason; it is kept in the journal', 'the operator ended it')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('migrate abort move-home --why "done by hand instead"'))
    .action(async (run, options, command) => {
      invocation.exitCode = await end(run, options, globalsOf(command.optsWithGlobals()), invocation);
    });
}

async function end(name: string, options: AbortOptions, globals: Globals, { overrides }: Invocation) {
  const { abort, mustBeOpen } = await import('../../engine/index.ts');
  const { exitCodes, MigrateError } = await import('../../errors.ts');
  const { atWork } = await import('../work/at-work.ts');
  const { hostFor } = await import('../work/host-for.ts');
  const { oneRun } = await import('../runs/known-run.ts');
  const { openRun } = await import('../runs/open-run.ts');
  const { pickerFor } = await import('../runs/pick-run.ts');
  const { placesOf } = await import('../runs/places.ts');
  const { wordFor } = await import('../runs/run-again.ts');
  const { askOnce } = await import('../terminal/prompts.ts');
  const { terminalOf } = await import('../terminal/terminal.ts');
  const places = placesOf(globals);
  const terminal = await terminalOf(globals);
  const known = await oneRun(places.state, name, 'unfinished', pickerFor(terminal));
  mustBeOpen(known.state, wordFor(known.state));
  if (options.yes !== true && !terminal.interactive) {
    throw new MigrateError('abort.not-agreed', 'ending a run waits for your agreement; nothing was changed', {
      exitCode: exitCodes.waiting,
      hint: `See what it has done: migrate status ${known.place.id}\nAgree: migrate abort ${known.place.id} --yes`,
    });
  }
  if (options.yes !== true) {
    const question = `End ${known.place.id} for good? Nothing is undone, and it can be neither resumed nor rolled back.`;
    if ((await askOnce((prompts) => prompts.agree(question))) !== true) return exitCodes.interrupted;
  }
  // Its claims are not asked for: they are about to be freed.
  const open = await openRun(known.place, hostFor(overrides).clock);
  return atWork({ globals, overrides, open, runbook: undefined, silent: true }, async (session) => {
    mustBeOpen(session.state);
    const remains = await abort(session, options.why);
    return {
      status: 'aborted' as const,
      exitCode: exitCodes.done,
      message:
        remains.length === 0
          ? 'nothing remains of it'
          : 'this remains, and how each could be undone by hand:',
      remains,
    };
  });
}
