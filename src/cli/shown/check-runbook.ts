import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNow, type CheckedNow } from '../../engine/index.ts';
import { exitCodes, MigrateError, UsageError, type ExitCode } from '../../errors.ts';
import type { LoadedRunbook } from '../../host/runbook-file.ts';
import { checkDocument, type CheckDocument, type CheckRow } from '../../render/documents/check.ts';
import { worstVerdict } from '../../render/finding.ts';
import { checkText } from '../../render/text/check.ts';
import type { Runbook } from '../../runbook/index.ts';
import type { Globals, Overrides } from '../invocation.ts';
import type { KnownRun } from '../runs/known-run.ts';
import { leaveFolder } from '../runs/leave-folder.ts';
import { preflight } from '../runs/preflight.ts';
import { wordOf } from '../runs/run-again.ts';
import { unbegunRun } from '../runs/unbegun-run.ts';
import { print } from '../terminal/print.ts';
import { stderr } from '../terminal/process-streams.ts';
import { interruptible } from '../terminal/signals.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { waiting } from '../terminal/waiting.ts';
import { placesOf } from '../runs/places.ts';
import { hostFor } from '../work/host-for.ts';

const exitOf = {
  PASS: exitCodes.done,
  PARTIAL: exitCodes.partial,
  FAIL: exitCodes.stepFailed,
  BLOCKED: exitCodes.blocked,
} as const;

export interface CheckGiven {
  readonly loaded: LoadedRunbook;
  readonly params: unknown;
  readonly globals: Globals;
  readonly overrides: Overrides;
  /** The run whose parameters are given, and whose outputs the checks may need. */
  readonly run: KnownRun | undefined;
}

/**
 * Runs the health checks of a runbook, or where it has none the checks among its steps, and prints what they
 * found; no run begins, and nothing is recorded.
 * @throws UsageError, those of `preflight`
 */
export async function checkRunbook(given: CheckGiven): Promise<ExitCode> {
  const { loaded, params, globals, overrides, run } = given;
  const runbook = checksOf(loaded.runbook);
  leaveFolder();
  const host = hostFor(overrides, params, placesOf(globals).state);
  await preflight({ runbook, file: loaded.file }, params, host, async () => true);
  const terminal = await terminalOf(globals);
  const at = new Date(host.clock.now().wall).toISOString();
  const state = run?.state ?? (await unbegunRun(loaded, params, host));
  // What a check needs to put somewhere for a moment, such as a copy of a database, is not left behind.
  const scratch = run === undefined ? await mkdtemp(join(tmpdir(), 'migrate-check-')) : undefined;
  const folder = scratch ?? run?.place.folder ?? '';
  let interruptedBy: string | undefined;
  let checked: readonly CheckedNow[] = [];
  try {
    checked = await interruptible(
      (text) => stderr.write(globals.json ? '' : `${text}\n`),
      async (signal) => {
        try {
          return await waiting(terminal, `checking ${runbook.id}`, () =>
            checkNow(runbook, state, { folder, host, signal }),
          );
        } catch (thrown) {
          if (!signal.aborted) throw thrown;
          interruptedBy = String(signal.reason);
          return [];
        }
      },
    );
  } finally {
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
  if (interruptedBy !== undefined) throw interrupted(interruptedBy);
  const rows = checked.map(rowOf);
  const document: CheckDocument = {
    type: 'check',
    runbook: runbook.id,
    summary: runbook.summary,
    run: run?.place.id ?? null,
    host: hostname(),
    at,
    params,
    verdict: worstVerdict(rows.flatMap(({ verdict }) => verdict ?? [])),
    checks: rows,
  };
  print(globals, checkDocument, document, () =>
    checkText(document, terminal.style, { quiet: globals.verbosity === 'quiet' }),
  );
  return exitOf[document.verdict];
}

/** Programs that only a step needs are not asked for: a health check says itself what it lacks. */
function checksOf(runbook: Runbook): Runbook {
  return runbook.health.length === 0 ? runbook : { ...runbook, nodes: runbook.health, tools: [] };
}

/** @throws UsageError `check.none` */
export function mustHaveChecks({ runbook, file }: LoadedRunbook): void {
  const { id, nodes } = checksOf(runbook);
  if (nodes.some(({ kind }) => kind === 'check')) return;
  throw new UsageError(
    'check.none',
    `${id} has no checks, only ${nodes.length === 1 ? 'a step that acts' : 'steps that act'} or wait`,
    `Add them with .check(…), or see what it would do with: migrate plan ${wordOf(id, file)}`,
  );
}

function rowOf({ node, finding, evidence, knownLimitation, tookMs }: CheckedNow): CheckRow {
  return {
    id: node.id,
    title: node.title,
    ...(node.phase === undefined ? {} : { phase: node.phase }),
    verdict: finding?.verdict ?? null,
    expect: node.expect,
    observed: finding?.observed ?? null,
    ...(finding?.unblock === undefined ? {} : { unblock: finding.unblock }),
    ...(knownLimitation === undefined ? {} : { knownLimitation }),
    ...(finding?.evidence === undefined ? {} : { evidence: { ...finding.evidence } }),
    ...(evidence === undefined ? {} : { commands: evidence.commands }),
    tookMs,
  };
}

function interrupted(by: string): MigrateError {
  return new MigrateError('check.interrupted', `interrupted by ${by} before every check had answered`, {
    exitCode: exitCodes.interrupted,
    hint: 'Nothing was changed. Begin again when you like.',
  });
}
