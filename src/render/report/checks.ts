import type { JournalEvent, RecordedEvidence, RecordedFinding, RecordedNode } from '../../journal/event.ts';
import type { ReportCheck, ReportDocument } from '../documents/report.ts';
import { findingOf } from '../finding.ts';
import { skipReasons } from '../fold-view.ts';
import { chartIn } from './chart-in.ts';

interface Answer {
  readonly at: string | null;
  readonly expect: string | null;
  readonly finding: RecordedFinding | undefined;
  readonly evidence: RecordedEvidence | undefined;
  readonly knownLimitation: string | undefined;
  /** Why there is no finding. */
  readonly note: string | null;
}

const nothing: Answer = {
  ...{ at: null, expect: null, note: null },
  ...{ finding: undefined, evidence: undefined, knownLimitation: undefined },
};

/**
 * What the checks of a run have said, each by its latest answer; also of a run that was rolled back since, for it
 * was said.
 */
export function checksOf(events: readonly JournalEvent[], nodes: readonly RecordedNode[]): ReportCheck[] {
  const checks = nodes.filter(({ kind }) => kind === 'check');
  const answers = new Map(checks.map(({ id }) => [id, nothing]));
  for (const event of events) {
    if (!('step' in event) || event.step === undefined) continue;
    const before = answers.get(event.step);
    if (before === undefined) continue;
    answers.set(event.step, after(before, event));
  }
  return checks.map((node) => rowOf(node, answers.get(node.id) ?? nothing));
}

function after(before: Answer, event: JournalEvent): Answer {
  switch (event.type) {
    case 'step.started':
      return { ...nothing, expect: event.describe?.[0] ?? null };
    case 'step.completed':
    case 'step.verified': {
      const found = findingOf(event.output);
      // A proof that an earlier version renewed gave nothing anew.
      if (found === undefined) return before;
      const { evidence } = event.output as RecordedFinding;
      return {
        ...before,
        at: event.at,
        finding: { ...found, ...(evidence === undefined ? {} : { evidence }) },
        evidence: event.evidence,
        knownLimitation: event.knownLimitation,
        note: null,
      };
    }
    case 'step.failed':
      return {
        ...before,
        at: event.at,
        // What threw has found nothing, and is a FAIL all the same; so were those of earlier versions.
        finding: event.finding ?? { verdict: 'FAIL', observed: event.error.message },
        evidence: event.evidence,
        knownLimitation: event.knownLimitation,
      };
    case 'step.skipped':
      return { ...nothing, note: skipReasons[event.why] };
    default:
      return before;
  }
}

function rowOf(node: RecordedNode, answer: Answer): ReportCheck {
  const { at, expect, finding, evidence, knownLimitation, note } = answer;
  const chart = chartIn(finding?.evidence);
  return {
    id: node.id,
    title: node.title,
    ...(node.phase === undefined ? {} : { phase: node.phase }),
    verdict: finding?.verdict ?? null,
    expect,
    observed: finding?.observed ?? note,
    at,
    ...(finding?.unblock === undefined ? {} : { unblock: finding.unblock }),
    ...(knownLimitation === undefined ? {} : { knownLimitation }),
    ...(finding?.evidence === undefined ? {} : { evidence: finding.evidence }),
    commands: evidence?.commands ?? [],
    ...(evidence?.omitted === undefined ? {} : { omitted: evidence.omitted }),
    ...(chart === undefined ? {} : { chart }),
  };
}

/** Every command that the checks ran, in the order of its first call. */
export function commandsOf(checks: readonly ReportCheck[]): ReportDocument['commands'] {
  const seen = new Map<string, { argv: string[]; times: number }>();
  for (const { argv } of checks.flatMap(({ commands }) => commands)) {
    const key = JSON.stringify(argv);
    const entry = seen.get(key);
    if (entry === undefined) seen.set(key, { argv, times: 1 });
    else entry.times += 1;
  }
  return [...seen.values()];
}
