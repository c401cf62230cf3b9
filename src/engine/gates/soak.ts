import { durationMs, type ReadContext, type SoakNode } from '../../runbook/index.ts';
import { soakProgress, type SoakProgress } from '../../plan/soak.ts';
import type { StepResult } from '../step-result.ts';
import { contextOf, stepContext } from '../context.ts';
import { failureOf } from '../failure.ts';
import { refresh } from '../freshness.ts';
import { record, stepOf, throwIfInterrupted, type Session } from '../session.ts';
import { enterGate } from './enter.ts';

/** However far apart samples may lie: who waits wants to see trouble when it begins. */
const longestPauseMs = 3_600_000;

/** Samples health once, or with `wait` until the gate opens; opens when enough healthy time was observed. */
export async function passSoak(session: Session, node: SoakNode, wait: boolean): Promise<StepResult> {
  const context = stepContext(node, session.state, session.folder);
  const min = durationMs(typeof node.min === 'function' ? node.min(context) : node.min);
  const max = durationMs(typeof node.max === 'function' ? node.max(context) : node.max);
  const rule = { min, max, maxGap: durationMs(node.maxGap) };
  const read = contextOf(session, node);
  await enterGate(session, node, `${node.title}: until it was seen healthy for ${minutes(min)}`, {
    ...rule,
    sampler: wait ? 'wait' : 'resume',
  });
  for (;;) {
    await sample(session, node, read);
    const progress = soakProgress(stepOf(session, node).gate?.samples ?? [], rule);
    tellCountdown(session, node, progress, min);
    if (progress.open) return openSoak(session, node, max);
    if (!wait) return stillSoaking(session, node, progress, rule);
    // Half the longest gap, so that one late sample loses nothing; no further than the gate may open.
    const pause = Math.min(progress.remainingMs || rule.maxGap, rule.maxGap / 2, longestPauseMs);
    await session.ports.host.clock.sleep(Math.max(1, Math.ceil(pause)), session.signal);
    throwIfInterrupted(session.signal);
  }
}

async function openSoak(session: Session, node: SoakNode, max: number): Promise<StepResult> {
  const stale = await refresh(session, node.fresh, max);
  if (stale !== undefined) return stale;
  const { host } = session.ports;
  await record(session, {
    type: 'gate.opened',
    step: node.id,
    by: 'time',
    boot: await host.boot(),
    clocks: host.clock.now(),
  });
  return { kind: 'done' };
}

async function sample(session: Session, node: SoakNode, read: ReadContext): Promise<void> {
  const readings: Record<string, boolean | string> = {};
  for (const probe of node.probes) {
    try {
      const reading: unknown = await probe.check(read as never);
      // What is neither yes nor a reason, such as a forgotten return, is no sign of health.
      readings[probe.name] =
        typeof reading === 'boolean' || typeof reading === 'string'
          ? reading
          : `it answered ${String(reading)}`;
    } catch (thrown) {
      readings[probe.name] = failureOf(thrown).message;
    }
  }
  // A question that was cut short says nothing of health.
  throwIfInterrupted(session.signal);
  const { host } = session.ports;
  const healthy = Object.values(readings).every((reading) => reading === true);
  await record(session, {
    type: 'gate.sampled',
    step: node.id,
    healthy,
    readings,
    boot: await host.boot(),
    clocks: host.clock.now(),
  });
}

function stillSoaking(
  session: Session,
  node: SoakNode,
  progress: SoakProgress,
  rule: { maxGap: number },
): StepResult {
  const last = progress.notCounted.at(-1);
  const earliest = new Date(session.ports.host.clock.now().wall + progress.remainingMs).toISOString();
  const health = progress.unhealthy.length > 0 ? ` It is not healthy: ${progress.unhealthy.join('; ')}.` : '';
  const lost =
    last === undefined ? '' : ` ${minutes(last.ms)} up to ${last.until} did not count: ${last.why}.`;
  return {
    kind: 'waiting',
    why: `"${node.id}" soaks: ${minutes(progress.countedMs)} healthy so far, ${minutes(progress.remainingMs)} to go, ${earliest} at the earliest.${health}${lost}`,
    hint: `Look again at least every ${minutes(rule.maxGap)} with migrate resume ${session.state.run}, or keep looking with --wait.`,
  };
}

function tellCountdown(session: Session, node: SoakNode, progress: SoakProgress, minMs: number): void {
  const opens = session.ports.host.clock.now().wall + progress.remainingMs;
  session.ports.tell({
    type: 'countdown',
    step: node.id,
    countedMs: progress.countedMs,
    minMs,
    opensAt: new Date(opens).toISOString(),
    why: progress.unhealthy.length > 0 ? progress.unhealthy.join('; ') : progress.notCounted.at(-1)?.why,
  });
}

function minutes(ms: number): string {
  const total = Math.round(ms / 60_000);
  return total >= 60 ? `${Math.floor(total / 60)} h ${total % 60} min` : `${total} min`;
}
