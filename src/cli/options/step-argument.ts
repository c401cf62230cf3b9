import { UsageError } from '../../errors.ts';
import { didYouMean } from '../../runbook/suggestion.ts';

/**
 * @param option as typed, for the message: `--until`
 * @throws UsageError `step.unknown`
 */
export function mustBeStep(
  step: string,
  option: string,
  of: string,
  nodes: readonly { readonly id: string }[],
): void {
  const known = nodes.map(({ id }) => id);
  if (known.includes(step)) return;
  throw new UsageError(
    'step.unknown',
    `${option} ${step}: ${of} has no such step.${didYouMean(step, known)}`,
    `Its steps: ${known.join(', ')}`,
  );
}
