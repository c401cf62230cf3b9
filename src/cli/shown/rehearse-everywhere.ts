import { availableParallelism } from 'node:os';
import { exitCodes, type ExitCode } from '../../errors.ts';
import { formatCase } from '../../rehearsal/everywhere/case.ts';
import { coverageOf, type CaseResult, type CoverageRow } from '../../rehearsal/everywhere/coverage.ts';
import type { Setup } from '../../rehearsal/everywhere/journey.ts';
import { needsReference, sweepCrashes } from '../../rehearsal/everywhere/sweep-crashes.ts';
import { crashCoverageDocument, type CrashCoverageDocument } from '../../render/documents/crash-coverage.ts';
import { harmlessJson } from '../../render/harmless.ts';
import { crashCoverageText } from '../../render/text/crash-coverage.ts';
import { quoteWord, type Runbook } from '../../runbook/index.ts';
import { readCase, readPoints, returnableOf } from '../options/crash-choice.ts';
import type { Globals } from '../invocation.ts';
import { stdout } from '../terminal/process-streams.ts';
import { interruptible } from '../terminal/signals.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface EverywhereOptions {
  readonly set: readonly string[];
  readonly points?: string | undefined;
  readonly sample?: number | undefined;
  readonly seed?: number | undefined;
  readonly case: readonly string[];
}

/** The most worlds at once: each has a step at work, and disks in memory. */
const mostWorlds = 4;
const tellEvery = 20;

/**
 * Kills the runbook everywhere, and prints what it survived; see src/rehearsal/everywhere.
 *
 * @param name the runbook as it was given, for the commands that repeat a case
 * @throws UsageError `crash.points`, `crash.case`, `crash.spec`, `step.unknown`; WorldError `crash.no-reference`
 */
export async function rehearseEverywhere(
  name: string,
  runbook: Runbook,
  setup: Omit<Setup, 'ids'>,
  options: EverywhereOptions,
  { globals, terminal }: { globals: Globals; terminal: Terminal },
): Promise<ExitCode> {
  const points = options.points === undefined ? undefined : readPoints(options.points);
  const only = options.case.length === 0 ? undefined : options.case.map((text) => readCase(text, runbook));
  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000);
  const tell = (text: string) => {
    if (globals.verbosity === 'quiet') return;
    stdout.write(globals.json ? `${harmlessJson({ type: 'notice', text })}\n` : `${text}\n`);
  };
  const began = performance.now();
  let planned: number | undefined;
  let done = 0;
  const isCompared = needsReference({ only, points, sample: options.sample });
  tell(`seed ${seed}${isCompared ? '; running it uninterrupted, to compare with' : ''}`);
  const report = await interruptible(tell, (signal) => {
    // Its worlds end with this process.
    signal.addEventListener('abort', () => process.exit(exitCodes.interrupted));
    return sweepCrashes(
      { ...setup, ids: runbook.nodes.map(({ id }) => id) },
      {
        ...{ seed, points, only, sample: options.sample, returnable: returnableOf(runbook) },
        worlds: Math.max(1, Math.min(mostWorlds, availableParallelism())),
        onPlan: (count) => {
          planned = count;
          tell(`${count} cases`);
        },
        onResult: (result) => {
          done += 1;
          const isTold = result.verdict === 'failed' || globals.verbosity === 'verbose';
          if (isTold || done % tellEvery === 0) tell(`${done}/${planned ?? '…'} ${resultText(result)}`);
        },
      },
    );
  });
  const rows = coverageOf(report.results);
  const total = totalOf(rows);
  const again = ['migrate', 'rehearse', name, '--crash', 'everywhere', ...options.set.flatMap(asSet)];
  const document: CrashCoverageDocument = {
    ...{ type: 'crash-coverage', runbook: runbook.id, seed },
    exitCode: total.failed > 0 ? exitCodes.stepFailed : exitCodes.done,
    ...total,
    known: report.known,
    points: rows.map((row) => ({ ...row, settled: { ...row.settled } })),
    failures: report.results
      .filter(({ verdict }) => verdict === 'failed')
      .map((result) => ({
        case: formatCase(result.case),
        why: result.why ?? '',
        differences: [...result.differences],
        again: [...again, '--seed', String(seed), '--case', formatCase(result.case)].map(quoteWord).join(' '),
      })),
    noise: report.noise,
    disks: report.disks,
    tookMs: Math.round(performance.now() - began),
  };
  const text = globals.json
    ? harmlessJson(crashCoverageDocument.parse(document))
    : `\n${crashCoverageText(document, terminal.style)}`;
  stdout.write(`${text}\n`);
  return total.failed > 0 ? exitCodes.stepFailed : exitCodes.done;
}

function asSet(text: string): readonly string[] {
  return ['--set', text];
}

function resultText({ case: one, verdict, why }: CaseResult): string {
  const text = `${formatCase(one)}: ${verdict}`;
  return why === undefined ? text : `${text}: ${why.split('\n')[0]}`;
}

function totalOf(rows: readonly CoverageRow[]) {
  const sum = (count: 'cases' | 'survived' | 'held' | 'unreached' | 'failed') =>
    rows.reduce((total, row) => total + row[count], 0);
  return {
    cases: sum('cases'),
    survived: sum('survived'),
    held: sum('held'),
    unreached: sum('unreached'),
    failed: sum('failed'),
  };
}
