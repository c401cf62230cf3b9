import { durationMs, type SoakNode } from '../../runbook/index.ts';
import type { SoakRule } from '../../plan/soak.ts';
import type { Sampler } from '../../journal/state.ts';
import type { StepResult } from '../step-result.ts';
import { stepContext } from '../context.ts';
import { refresh } from '../freshness.ts';
import { stepOf, throwIfInterrupted, type Session } from '../session.ts';
import { enterGate } from './enter.ts';
import { openGate, tellOfOpening } from './open.ts';
import { look } from './soak-look.ts';
import { stopped, stopWhenUnhealthy } from './soak-stop.ts';
import { enteringWords, progressOf, stillSoaking, tellCountdown } from './soak-words.ts';

/** However far apart samples may lie: who waits wants to see trouble when it begins. */
const longestPauseMs = 3_600_000;

/**
 * Looks at the health once, or with `wait` again and again; opens when enough healthy time was observed,
 * and stops when it is not healthy. Who looks makes no difference: the journal's samples decide.
 */
export async function passSoak(session: Session, node: SoakNode, wait: boolean): Promise<StepResult> {
  const { max, ...rule } = limitsOf(session, node);
  const sampler: Sampler = wait ? 'wait' : session.unattended === 'timer' ? 'timer' : 'resume';
  const enters = wait || session.timer !== true ? sampler : 'timer';
  await enterGate(session, node, enteringWords(session, node, rule, enters), {
    ...rule,
    max,
    sampler: enters,
  });
  const stands = stepOf(session, node).gate?.stopped;
  // A person's resume has cleared it, so this is a unit, which does not know what has become of the trouble.
  if (stands !== undefined) return stopped(session, node, stands, progressOf(session, node, rule));
  for (;;) {
    await look(session, node, sampler, rule.min);
    const progress = progressOf(session, node, rule);
    // Half the longest gap, so that one late sample loses nothing; no further than the gate may open.
    const pause = Math.min(progress.remainingMs || rule.maxGap, rule.maxGap / 2, longestPauseMs);
    const pauseMs = Math.max(1, Math.ceil(pause));
    const goesOn = wait && !progress.open;
    tellCountdown(session, node, progress, rule, goesOn ? pauseMs : undefined);
    if (progress.open) return openSoak(session, node, max, wait);
    const stop = await stopWhenUnhealthy(session, node, progress);
    if (stop !== undefined) return stop;
    if (!wait) return stillSoaking(session, progress, node, rule);
    await session.ports.host.clock.sleep(pauseMs, session.signal);
    throwIfInterrupted(session.signal);
  }
}

function limitsOf(session: Session, node: SoakNode): SoakRule & { readonly max: number } {
  const context = stepContext(node, session.state, session.folder);
  return {
    min: durationMs(typeof node.min === 'function' ? node.min(context) : node.min),
    max: durationMs(typeof node.max === 'function' ? node.max(context) : node.max),
    maxGap: durationMs(node.maxGap),
  };
}

async function openSoak(session: Session, node: SoakNode, max: number, wait: boolean): Promise<StepResult> {
  const stale = await refresh(session, node.fresh, max);
  if (stale !== undefined) return stale;
  const { host } = session.ports;
  await openGate(session, node, { by: 'time', boot: await host.boot() });
  await tellOfOpening(session, node, `the soak "${node.id}" has opened, it was healthy all along`, wait);
  return { kind: 'done' };
}
