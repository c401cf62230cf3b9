import { dirname } from 'node:path';
import { exitCodes, UsageError, type ExitCode } from '../../errors.ts';
import { loadRunbook } from '../../host/runbook-file.ts';
import { parseCrashSpec } from '../../rehearsal/crash.ts';
import { rehearse, type RehearsalMove, type RehearsalReport } from '../../rehearsal/rehearse.ts';
import { buildWorld, type World } from '../../rehearsal/world.ts';
import { rehearsalDocument, type RehearsalDocument } from '../../render/documents/rehearsal.ts';
import { harmlessJson } from '../../render/harmless.ts';
import { rehearsalText } from '../../render/text/rehearsal.ts';
import { formatCommand, type Json, type RehearsalPlan, type Runbook } from '../../runbook/index.ts';
import type { Globals } from '../invocation.ts';
import { assemble } from '../parameters/assemble.ts';
import { readAssignment } from '../parameters/assignment.ts';
import { valueSchemaOf } from '../parameters/schema.ts';
import { stdout } from '../terminal/process-streams.ts';
import { wordOf } from '../runs/run-again.ts';
import { interruptible } from '../terminal/signals.ts';
import { mustBeStep } from '../options/step-argument.ts';
import { terminalOf, type Terminal } from '../terminal/terminal.ts';
import { waiting } from '../terminal/waiting.ts';

export interface RehearseOptions {
  readonly set: readonly string[];
  readonly keep?: true | undefined;
  /** A step, or POINT:STEP. */
  readonly crash?: string | undefined;
  /** These with `--crash everywhere` only. */
  readonly points?: string | undefined;
  readonly sample?: number | undefined;
  readonly seed?: number | undefined;
  readonly case: readonly string[];
}

/** Also the name that a step could have, which is then reached by `mid-act:everywhere`. */
const everywhere = 'everywhere';

/** Builds a world, runs the runbook in it as an operator would who answers every gate, and removes the world. */
export async function rehearseRunbook(
  name: string,
  options: RehearseOptions,
  globals: Globals,
): Promise<ExitCode> {
  const { runbook, file, files } = await loadRunbook(name);
  const plan = runbook.rehearsal;
  if (plan === undefined) {
    throw new UsageError(
      'rehearse.no-world',
      `${runbook.id} brings no world to rehearse in`,
      'A runbook describes it in its options: rehearsal: { params: …, disks: …, files: … }. See docs/writing-a-runbook.md.',
    );
  }
  const params = rehearsalParams(runbook, wordOf(runbook.id, file), options.set);
  const share = [...new Set(Object.keys(files).map((path) => dirname(path)))];
  const runbookInWorld = name === runbook.id ? name : file;
  if (options.crash === everywhere) {
    const { rehearseEverywhere } = await import('./rehearse-everywhere.ts');
    const setup = { plan, params, build: { share }, runbook: runbookInWorld };
    const surroundings = { globals, terminal: await terminalOf(globals) };
    return rehearseEverywhere(name, runbook, setup, options, surroundings);
  }
  refuseWithoutEverywhere(options);
  const crash = options.crash === undefined ? undefined : crashPlace(options.crash, runbook);
  const terminal = await terminalOf(globals);
  const began = performance.now();
  const world = await waiting(terminal, 'building a miniature world', () =>
    buildWorld(plan, { share, keep: options.keep ?? false }),
  );
  let report: RehearsalReport;
  try {
    report = await interruptible(
      (text) => tell(text, globals, terminal),
      async () => {
        const ended = await rehearse(world, {
          runbook: runbookInWorld,
          params,
          surroundings: plan,
          ...(plan.answers === undefined ? {} : { answers: plan.answers }),
          ...(crash === undefined ? {} : { crash }),
          flags: flagsOf(globals),
          thrownAway: true,
          terminal: terminal.live,
          onOutput: (text) => stdout.write(text),
          onMove: (move) => tell(moveText(move), globals, terminal),
        });
        if (ended.outcome !== 'done') return ended;
        const failed = await afterwards(world, plan, (text) => tell(text, globals, terminal));
        return failed === undefined ? ended : { ...ended, outcome: 'failed', why: failed };
      },
    );
  } finally {
    await world.destroy();
  }
  const exitCode = exitCodeOf(report);
  const document: RehearsalDocument = {
    type: 'rehearsal',
    runbook: runbook.id,
    outcome: report.outcome,
    why: report.why,
    exitCode,
    ...world.facts,
    calls: report.calls,
    crashes: report.crashes,
    reboots: report.reboots,
    tookMs: Math.round(performance.now() - began),
    kept: options.keep === true ? world.folder : null,
  };
  const text = globals.json
    ? harmlessJson(rehearsalDocument.parse(document))
    : `\n${rehearsalText(document, terminal.style)}`;
  stdout.write(`${text}\n`);
  return exitCode;
}

/** Shows that what the runbook made does its work. Gives what failed. */
async function afterwards(
  world: World,
  plan: RehearsalPlan,
  say: (text: string) => void,
): Promise<string | undefined> {
  for (const argv of plan.afterwards ?? []) {
    say(`$ ${formatCommand({ argv })}`);
    // oxlint-disable-next-line no-await-in-loop -- each shows what the one before has made
    const { exitCode, stdout: out, stderr } = await world.run(argv);
    const said = `${out}${stderr}`.trimEnd();
    if (said !== '') say(said);
    if (exitCode !== 0) return `afterwards, ${formatCommand({ argv })} exited with ${exitCode}`;
  }
  return undefined;
}

/** The plan's parameters with the operator's over them; the world's own migrate validates the whole. */
function rehearsalParams(
  runbook: Runbook,
  word: string,
  set: readonly string[],
): Readonly<Record<string, Json>> {
  const problems: string[] = [];
  const base = { ...runbook.rehearsal?.params };
  const params = assemble(base, set.map(readAssignment), valueSchemaOf(runbook.params), problems);
  if (problems.length === 0) return params as Record<string, Json>;
  throw new UsageError(
    'params.invalid',
    `what is given for the rehearsal of ${runbook.id} does not fit:\n${problems.map((each) => `  - ${each}`).join('\n')}`,
    `migrate show ${word} lists the parameters.`,
  );
}

/** @throws UsageError `rehearse.everywhere` */
function refuseWithoutEverywhere(options: RehearseOptions): void {
  const given =
    (['points', 'sample', 'seed'] as const).find((key) => options[key] !== undefined) ??
    (options.case.length > 0 ? 'case' : undefined);
  if (given === undefined) return;
  throw new UsageError(
    'rehearse.everywhere',
    `--${given} says which crashes to try, and there is only one`,
    'Give it with --crash everywhere.',
  );
}

/** @throws UsageError `step.unknown`, `crash.spec` */
function crashPlace(text: string, runbook: Runbook): string {
  const place = text.includes(':') ? text : `mid-act:${text}`;
  const { step } = parseCrashSpec(place);
  if (step !== undefined) mustBeStep(step, '--crash', runbook.id, runbook.nodes);
  return place;
}

function flagsOf({ json, verbosity, colour }: Globals): string[] {
  // Every gate is answered by the rehearsal, not by whoever watches it.
  return [
    '--no-input',
    ...(json ? ['--json'] : []),
    ...(verbosity === 'normal' ? [] : [`--${verbosity}`]),
    ...(colour ? [] : ['--no-color']),
  ];
}

function moveText(move: RehearsalMove): string {
  switch (move.kind) {
    case 'migrate':
      return `$ migrate ${move.argv.join(' ')}`;
    case 'killed':
      return `migrate was killed by ${move.by}`;
    case 'confirm':
      return `confirming ${move.gate}, as a person would`;
    case 'reboot':
      return `rebooting: ${move.why}`;
    case 'carry-back':
      return `having it carried back, as a person would: ${move.why}`;
    case 'stop':
      return `stopping: ${move.why}`;
  }
}

function tell(text: string, globals: Globals, terminal: Terminal): void {
  if (globals.verbosity === 'quiet') return;
  stdout.write(
    globals.json
      ? `${harmlessJson({ type: 'notice', text })}\n`
      : `${terminal.style('strong', `rehearsal: ${text}`)}\n`,
  );
}

function exitCodeOf({ outcome, exitCode }: RehearsalReport): ExitCode {
  if (outcome === 'done') return exitCodes.done;
  if (outcome === 'stopped') return exitCodes.waiting;
  const known = Object.values(exitCodes).find((code) => code === exitCode);
  return known === undefined || known === exitCodes.done ? exitCodes.stepFailed : known;
}
