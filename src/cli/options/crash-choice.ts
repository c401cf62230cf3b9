import { UsageError } from '../../errors.ts';
import { groups, parseCase, type CrashCase, type Group } from '../../rehearsal/everywhere/case.ts';
import { didYouMean, type Runbook } from '../../runbook/index.ts';
import { mustBeStep } from './step-argument.ts';

/** @throws UsageError `crash.points` */
export function readPoints(text: string): readonly Group[] {
  return text.split(',').map((name) => {
    const group = groups.find((known) => known === name);
    if (group !== undefined) return group;
    throw new UsageError(
      'crash.points',
      `--points ${name}: there is no such point.${didYouMean(name, groups)}`,
      `Points: ${groups.join(', ')}`,
    );
  });
}

/** @throws UsageError `crash.case`, `crash.spec`, `step.unknown` */
export function readCase(text: string, runbook: Runbook): CrashCase {
  const one = parseCase(text);
  const steps = [one.step, ...(one.kind === 'rollback' ? [] : one.crashes.flatMap(({ step }) => step ?? []))];
  for (const step of steps) mustBeStep(step, '--case', runbook.id, runbook.nodes);
  return one;
}

/** Steps and gates before the point of no return. */
export function returnableOf({ nodes }: Runbook): readonly string[] {
  const first = nodes.findIndex((node) => node.kind === 'step' && node.reversal === 'irreversible');
  return nodes.slice(0, first === -1 ? nodes.length : first).map(({ id }) => id);
}
