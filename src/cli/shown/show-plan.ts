import { survey, type SurveyedStep } from '../../engine/index.ts';
import { exitCodes, type ExitCode } from '../../errors.ts';
import type { LoadedRunbook } from '../../host/runbook-file.ts';
import { runFolder } from '../../host/runs.ts';
import type { RunState } from '../../journal/state.ts';
import { planDocument, type PlanDocument } from '../../render/documents/plan.ts';
import { planText } from '../../render/text/plan.ts';
import { hostFor } from '../work/host-for.ts';
import { pointOfNoReturn } from './describe-runbook.ts';
import type { Globals, Overrides } from '../invocation.ts';
import { leaveFolder } from '../runs/leave-folder.ts';
import { unbegunRun } from '../runs/unbegun-run.ts';
import { placesOf } from '../runs/places.ts';
import { print } from '../terminal/print.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { waiting } from '../terminal/waiting.ts';

export interface PlanGiven {
  readonly loaded: LoadedRunbook;
  readonly params: unknown;
  readonly globals: Globals;
  readonly overrides: Overrides;
  /** The unfinished run whose rest is planned. */
  readonly state?: RunState;
}

/** Asks the world, read-only, and prints what would happen. */
export async function showPlan(given: PlanGiven): Promise<ExitCode> {
  const { loaded, globals, overrides } = given;
  const { runbook } = loaded;
  leaveFolder();
  const host = hostFor(overrides, given.params, placesOf(globals).state);
  const terminal = await terminalOf(globals);
  const state = given.state ?? (await unbegunRun(loaded, given.params, hostFor(overrides)));
  const { folder } = runFolder(placesOf(globals).state, state.run);
  const steps = await waiting(terminal, `reading what is there for ${runbook.id}`, () =>
    survey(runbook, state, folder, host),
  );
  const document: PlanDocument = {
    type: 'plan',
    runbook: runbook.id,
    summary: runbook.summary,
    run: given.state?.run ?? null,
    params: given.params,
    steps: steps.map(planStep),
    pointOfNoReturn: pointOfNoReturn(runbook),
  };
  print(globals, planDocument, document, () => planText(document, terminal.style));
  return exitCodes.done;
}

function planStep({
  node,
  standing,
  does,
  undoes,
  preview,
  problem,
}: SurveyedStep): PlanDocument['steps'][number] {
  return {
    id: node.id,
    title: node.title,
    ...(node.phase === undefined ? {} : { phase: node.phase }),
    kind: node.kind,
    standing,
    does: [...does],
    undo: [...undoes],
    irreversible: node.kind === 'step' && node.reversal === 'irreversible',
    ...(preview === undefined ? {} : { preview: { summary: preview.summary, facts: { ...preview.facts } } }),
    ...(problem === undefined ? {} : { problem }),
  };
}
