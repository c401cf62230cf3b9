import { unhealthyInARow, type SoakProgress } from '../../plan/soak.ts';
import type { SoakNode } from '../../runbook/index.ts';
import { tellSomebody } from '../notify.ts';
import { record, stepOf, type Session } from '../session.ts';
import type { StepResult } from '../step-result.ts';
import { spell } from './soak-words.ts';

/**
 * Stops a soak that is unhealthy more often in a row than it tolerates: makes that durable, tells
 * somebody, and goes back when the runbook says so, else asks. Gives nothing while it goes on soaking.
 */
export async function stopWhenUnhealthy(
  session: Session,
  node: SoakNode,
  progress: SoakProgress,
): Promise<StepResult | undefined> {
  const { unhealthy } = progress;
  const { gate } = stepOf(session, node);
  const inARow = unhealthyInARow(gate?.samples.slice(gate.forgiven) ?? []);
  if (unhealthy.length === 0 || inARow <= node.tolerate || node.onFailure === 'continue') return undefined;
  const goesBack = node.onFailure === 'rollback';
  await record(session, {
    type: 'soak.stopped',
    step: node.id,
    unhealthy: [...unhealthy],
    ...(goesBack ? { goesBack } : {}),
  });
  const what = `the soak "${node.id}" stopped, it is not healthy: ${unhealthy.join('; ')}`;
  await tellSomebody(session, {
    kind: 'soak-stopped',
    step: node.id,
    about: goesBack ? `${what}. The run goes back now` : what,
    hint: goesBack ? undefined : bothWays(session.state.run),
  });
  const answer = goesBack ? 'rollback' : await session.ports.operator.soakStopped(node.id, unhealthy);
  if (answer === 'rollback') {
    const message = `it was not healthy: ${unhealthy.join('; ')}`;
    return { kind: 'failed', failure: { code: 'soak.unhealthy', message }, goBack: true };
  }
  if (answer !== 'go-on') return stopped(session, node, unhealthy, progress);
  await record(session, { type: 'soak.continued', step: node.id });
  return undefined;
}

/** What a stopped soak waits for: a person's decision. */
export function stopped(
  session: Session,
  node: SoakNode,
  unhealthy: readonly string[],
  { countedMs, remainingMs }: SoakProgress,
): StepResult {
  return {
    kind: 'waiting',
    why: `"${node.id}" stopped, it is not healthy: ${unhealthy.join('; ')}. The ${spell(countedMs)} soaked so far stay, ${spell(remainingMs)} are to go`,
    hint: bothWays(session.state.run),
  };
}

function bothWays(run: string): string {
  return `Go back: migrate rollback ${run}\nOr mend it and go on soaking: migrate resume ${run}`;
}
