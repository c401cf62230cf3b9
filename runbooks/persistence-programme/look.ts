import type { Finding, Host } from 'migrate-runbook';
import { standingOf, type Standing } from './evidence.ts';
import type { Params } from './params.ts';
import { before, nameOf, phases, type Phase } from './phases.ts';
import { timeOf, timeText, total } from './times.ts';

/** How all works of a phase stand right now. */
export async function lookAtPhase(host: Host, p: Params, phase: Phase): Promise<readonly Standing[]> {
  const standings: Standing[] = [];
  for (const work of phase.works(p)) {
    if (p.doneBefore.includes(work.runbook)) standings.push({ done: true, work, workedMs: 0 });
    else if (host.runs === undefined) standings.push({ done: false, work, why: 'no runs are kept here' });
    else {
      const back = work.proves === true ? await host.runs.of(`${work.runbook}-back`) : [];
      standings.push(standingOf(work, await host.runs.of(work.runbook), back));
    }
  }
  return standings;
}

/** What is missing of a phase, and of those before it that may have been undone since; empty when nothing is. */
export async function missing(
  host: Host,
  p: Params,
  phase: Phase,
  withItself = true,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const one of withItself ? [...before(phase), phase] : before(phase)) {
    for (const standing of await lookAtPhase(host, p, one)) {
      if (standing.done) continue;
      found.push(
        one === phase ? standing.why : `phase ${one.number} does not stand any more: ${standing.why}`,
      );
    }
  }
  return found;
}

/** That the phases before it stand, which may have been weeks ago. */
export async function earlierStand(host: Host, p: Params, phase: Phase): Promise<Finding> {
  const wrong = await missing(host, p, phase, false);
  if (wrong.length > 0) return { verdict: 'FAIL', observed: wrong.join('; ') };
  const numbers = before(phase).map(({ number }) => number);
  return {
    verdict: 'PASS',
    observed: numbers.length === 0 ? 'it is the first' : `${numbers.join(', ')} stand`,
  };
}

/** That it is done, by its runs; with what it took. */
export async function phaseDone(host: Host, p: Params, phase: Phase): Promise<Finding> {
  const wrong = await missing(host, p, phase);
  if (wrong.length > 0) return { verdict: 'FAIL', observed: wrong.join('; ') };
  const standings = await lookAtPhase(host, p, phase);
  const runs = standings.map((one) => (one.done ? (one.run ?? `${nameOf(one.work)} by your word`) : ''));
  const time = timeOf(phase, standings);
  return {
    verdict: 'PASS',
    observed: `phase ${phase.number}: ${timeText(time)} (${runs.join(', ') || 'nothing to do'})`,
    evidence: {
      hours: { worked: time.worked, took: time.took ?? null, planned: [...time.planned] },
      runs: standings.flatMap((one) =>
        one.done && one.run !== undefined ? [{ run: one.run, snapshot: one.snapshot ?? null }] : [],
      ),
    },
  };
}

/** The whole: every phase that is wanted, what it took against what was planned, and whether it still stands. */
export async function wholeProgramme(host: Host, p: Params): Promise<Finding> {
  const lines: string[] = [];
  const times = [];
  let stands = true;
  for (const phase of phases.filter((one) => one.works(p).length > 0)) {
    const standings = await lookAtPhase(host, p, phase);
    const open = standings.flatMap((one) => (one.done ? [] : [one.why]));
    stands &&= open.length === 0;
    const time = timeOf(phase, standings);
    times.push(time);
    lines.push(`Phase ${phase.number}: ${open.length === 0 ? timeText(time) : open.join('; ')}`);
  }
  lines.push(`All together: ${timeText(total(times))}`);
  return { verdict: stands ? 'PASS' : 'FAIL', observed: lines.join('. ') };
}
