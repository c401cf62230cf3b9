import { soakProgress, type SoakProgress, type SoakRule } from '../../plan/soak.ts';
import type { Sampler } from '../../journal/state.ts';
import type { SoakNode } from '../../runbook/index.ts';
import { stepOf, type Session } from '../session.ts';
import type { StepResult } from '../step-result.ts';

/** What entering the soak says: how long, who looks, and what to do so that time counts. */
export function enteringWords(session: Session, node: SoakNode, rule: SoakRule, sampler: Sampler): string {
  return `${node.title}: until it was seen healthy for ${spell(rule.min)}. ${samplerWords(session, rule, sampler)}`;
}

function samplerWords({ state: { run }, timer }: Session, { maxGap }: SoakRule, sampler: Sampler): string {
  const atMost = `two looks at most ${spell(maxGap)} apart count`;
  if (sampler === 'wait') {
    const after = timer === true ? 'the timer goes on looking' : `nobody does: ${howToLook(run)}`;
    return `This process looks while it runs, and ${atMost}; after it ${after}.`;
  }
  if (timer === true) return `A timer looks by itself, and ${atMost}.`;
  return `Nobody looks by itself: each migrate resume ${run} looks once, and ${atMost}. So that time counts: ${howToLook(run)}.`;
}

function howToLook(run: string): string {
  return `migrate boot enable installs a timer that looks, and migrate resume ${run} --wait stays and looks`;
}

/** Where the soak stands when this process leaves before its time. */
export function stillSoaking(
  session: Session,
  progress: SoakProgress,
  node: SoakNode,
  rule: SoakRule,
): StepResult {
  const { run } = session.state;
  const last = progress.notCounted.at(-1);
  const health = progress.unhealthy.length > 0 ? ` It is not healthy: ${progress.unhealthy.join('; ')}.` : '';
  const lost = last === undefined ? '' : ` ${spell(last.ms)} up to ${last.until} did not count: ${last.why}.`;
  return {
    kind: 'waiting',
    why: `"${node.id}" soaks: ${spell(progress.countedMs)} healthy so far, ${spell(progress.remainingMs)} to go, ${earliest(session, progress)} at the earliest.${health}${lost}`,
    hint:
      session.timer === true
        ? `The timer looks by itself. See it: migrate status ${run}`
        : `Look again at least every ${spell(rule.maxGap)} with migrate resume ${run}, or keep looking with --wait; migrate boot enable installs a timer that looks by itself.`,
  };
}

export function tellCountdown(
  session: Session,
  node: SoakNode,
  progress: SoakProgress,
  rule: SoakRule,
  nextLookInMs?: number,
): void {
  const sample = stepOf(session, node).gate?.samples.at(-1);
  const now = session.ports.host.clock.now().wall;
  session.ports.tell({
    type: 'countdown',
    step: node.id,
    countedMs: progress.countedMs,
    minMs: rule.min,
    opensAt: earliest(session, progress),
    why: progress.unhealthy.length > 0 ? progress.unhealthy.join('; ') : progress.notCounted.at(-1)?.why,
    ...(sample === undefined ? {} : { readings: sample.readings, counters: sample.counters }),
    ...(nextLookInMs === undefined ? {} : { nextLookAt: new Date(now + nextLookInMs).toISOString() }),
    notCounted: progress.notCounted.slice(-3),
  });
}

/** The soak's progress by everything that is on record. */
export function progressOf(session: Session, node: SoakNode, rule: SoakRule): SoakProgress {
  return soakProgress(stepOf(session, node).gate?.samples ?? [], rule);
}

function earliest({ ports }: Session, { remainingMs }: SoakProgress): string {
  return new Date(ports.host.clock.now().wall + remainingMs).toISOString();
}

/** A length of time to the minute, such as `1 h 5 min`. */
export function spell(ms: number): string {
  const total = Math.round(ms / 60_000);
  return total >= 60 ? `${Math.floor(total / 60)} h ${total % 60} min` : `${total} min`;
}
