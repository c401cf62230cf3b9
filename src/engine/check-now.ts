import { MigrateError, messageOf } from '../errors.ts';
import { stepState, type RunState } from '../journal/state.ts';
import type { RecordedEvidence } from '../journal/event.ts';
import type { CheckNode, Finding, Node, Runbook } from '../runbook/index.ts';
import { ask, limitationOf } from './check.ts';
import { stepContext } from './context.ts';
import type { EngineHost } from './ports.ts';
import { throwIfInterrupted } from './session.ts';

/** What one check found, outside of any run. */
export interface CheckedNow {
  readonly node: CheckNode;
  /** Missing when its `when` says that it does not apply. */
  readonly finding: Finding | undefined;
  /** What it ran. */
  readonly evidence: RecordedEvidence | undefined;
  readonly knownLimitation: string | undefined;
  readonly tookMs: number;
}

interface Found {
  readonly finding?: Finding;
  readonly evidence?: RecordedEvidence | undefined;
  /** It was not its own finding, but a failure of the check itself. */
  readonly threw?: true;
}

/**
 * Runs every check of a runbook, in page order, whatever the earlier ones found; nothing else of it runs,
 * and nothing is recorded. A check that throws is a FAIL, as it is in a run; one that needs what another
 * step gives, and nobody has yet, is BLOCKED.
 *
 * @param state of a run that has begun, or would
 * @throws Interrupted
 */
export async function checkNow(
  runbook: Runbook,
  state: RunState,
  given: { readonly folder: string; readonly host: EngineHost; readonly signal: AbortSignal },
  began: (node: CheckNode) => void = () => {},
): Promise<readonly CheckedNow[]> {
  const { host, signal } = given;
  const known = knownOutputs(runbook, state);
  const checked: CheckedNow[] = [];
  for (const node of runbook.nodes) {
    if (node.kind !== 'check') continue;
    throwIfInterrupted(signal);
    began(node);
    const before = host.clock.now().monotonic;
    const { finding, evidence, threw } = await findNow(node, state, given, known);
    throwIfInterrupted(signal);
    known.set(node.id, finding);
    const tookMs = Math.max(0, Math.round(host.clock.now().monotonic - before));
    const knownLimitation = threw === true ? undefined : limitationOf(node, finding);
    checked.push({ node, finding, evidence, knownLimitation, tookMs });
  }
  return checked;
}

async function findNow(
  node: CheckNode,
  state: RunState,
  { folder, host, signal }: { folder: string; host: EngineHost; signal: AbortSignal },
  known: ReadonlyMap<string, unknown>,
): Promise<Found> {
  const { outputs, missing } = outputsKnown(node, known);
  try {
    const context = { ...stepContext(node, state, folder), outputs };
    const applies = node.when?.(context) !== false;
    if (applies) {
      const { finding, evidence, thrown } = await ask(node, context, host, signal);
      throwIfInterrupted(signal);
      if (missing().length === 0)
        return finding === undefined ? { ...failed(thrown), evidence } : { finding, evidence };
    } else if (missing().length === 0) return {};
  } catch (thrown) {
    throwIfInterrupted(signal);
    if (missing().length === 0) return failed(thrown);
  }
  const steps = missing().map((step) => `"${step}"`);
  return {
    finding: {
      verdict: 'BLOCKED',
      observed: `it needs what ${steps.join(' and ')} gives, and no unfinished run has come so far`,
    },
  };
}

function failed(thrown: unknown): Found {
  return { finding: { verdict: 'FAIL', observed: thrownText(thrown) }, threw: true };
}

function thrownText(thrown: unknown): string {
  const hint = thrown instanceof MigrateError ? thrown.hint : undefined;
  return `the check itself failed: ${messageOf(thrown)}${hint === undefined ? '' : `\n${hint}`}`;
}

function knownOutputs({ nodes }: Runbook, state: RunState): Map<string, unknown> {
  const known = new Map<string, unknown>();
  for (const { id, kind } of nodes) {
    const { status, skipped, output } = stepState(state, id);
    const settled = status === 'done' || (status === 'skipped' && skipped !== 'failed-need');
    if (kind !== 'check' && settled) known.set(id, output);
  }
  return known;
}

/** An output that nobody has yet is an error where it is read, and remembered, since a check may catch it. */
function outputsKnown(
  node: Node,
  known: ReadonlyMap<string, unknown>,
): { outputs: Record<string, unknown>; missing: () => readonly string[] } {
  const outputs: Record<string, unknown> = {};
  const asked = new Set<string>();
  for (const [id, name] of Object.entries(node.outputNames)) {
    Object.defineProperty(outputs, name, {
      enumerable: true,
      get() {
        if (known.has(id)) return structuredClone(known.get(id));
        asked.add(id);
        throw new Error(`nothing has given what "${id}" gives`);
      },
    });
  }
  return { outputs, missing: () => [...asked] };
}
