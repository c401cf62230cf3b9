import { StepError } from '../errors.ts';
import { firstLoss, type StepNode } from '../runbook/index.ts';

/**
 * The output as it will be stored: parsed once by its schema, and never transformed again.
 * @throws StepError `step.output` when it does not fit, `step.output-json` when JSON would change it
 */
export function parseOutput(node: StepNode, returned: unknown): unknown {
  const { output: schema } = node.body;
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(returned);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join('.') || 'output'}: ${issue.message}`,
    );
    throw new StepError(
      'step.output',
      `step "${node.id}" gave an output that does not fit its schema: ${problems.join('; ')}`,
    );
  }
  mustSurvive(node.id, 'output', parsed.data);
  return parsed.data;
}

/** @throws StepError `step.output-json` naming the first part that the journal could not give back */
export function mustSurvive(step: string, what: 'output' | 'captured value', value: unknown): void {
  if (value === undefined) return;
  const loss = firstLoss(value, '');
  if (loss === undefined) return;
  throw new StepError(
    'step.output-json',
    `the ${what} of step "${step}" cannot be stored: ${loss}`,
    'Give plain data: text, finite numbers, booleans, null, arrays and objects.',
  );
}
