import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { collectedBy, type Collected } from './builder.ts';
import { checkedClaims } from './claim.ts';
import { runbookOptionsSchema } from './definition-schema.ts';
import { flatten, type PlacedEntry } from './flatten.ts';
import { healthNodes } from './health-nodes.ts';
import { readAs } from './read-as.ts';
import { toNode } from './to-node.ts';
import type { Node } from './node.ts';
import type { Runbook } from './runbook.ts';
import { shown } from './shown.ts';
import { didYouMean } from './suggestion.ts';

/** Lower-case words joined by dashes. */
export const runbookId = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * Checks by hand at load time what the compiler checks for those who run it, and gives the graph.
 *
 * @param value a runbook file's default export
 * @param origin where it came from, for messages
 * @throws UsageError `runbook.not-one` for anything but a chain; `runbook.invalid` with every problem found
 */
export function validate(value: unknown, origin: string): Runbook {
  const collected = collectedBy(value);
  if (collected === undefined || collected.id === undefined) {
    throw new UsageError(
      'runbook.not-one',
      `${origin} does not export a runbook`,
      "Its default export must be a chain that begins with runbook('some-id', { summary: … }).",
    );
  }
  const problems: string[] = [];
  const options = checkHead(collected, problems);
  const params = (options?.params as z.ZodObject | undefined) ?? z.object({});
  const entries = flatten(collected.entries, Object.keys(params.shape), problems);
  checkGraph(entries, problems);
  const nodes = entries
    .map((entry) => toNode(entry, problems))
    .filter((node): node is Node => node !== undefined);
  if (nodes.length === 0 && problems.length === 0) problems.push('it has no steps');
  const health = healthNodes(options?.health ?? [], problems);
  checkFresh(nodes, problems);
  checkConfirmable(nodes, problems);
  if (problems.length > 0 || options === undefined) {
    throw new UsageError(
      'runbook.invalid',
      `the runbook in ${origin} is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      'Nothing was run. Mend the file, and try migrate show on it.',
    );
  }
  return {
    id: collected.id as string,
    summary: options.summary,
    params,
    tools: options.tools ?? [],
    root: options.root ?? false,
    claims: checkedClaims(options.claims as Runbook['claims'] | undefined),
    nothingToDo: options.nothingToDo as Runbook['nothingToDo'],
    health,
    rehearsal: options.rehearsal,
    nodes,
  };
}

function checkHead(
  collected: Collected,
  problems: string[],
): z.infer<typeof runbookOptionsSchema> | undefined {
  if (typeof collected.id !== 'string' || !runbookId.test(collected.id)) {
    problems.push(
      `its id ${shown(collected.id)} must be lower-case words joined by dashes, such as move-home`,
    );
  }
  const known = Object.keys(runbookOptionsSchema.shape);
  const options = readAs(runbookOptionsSchema, collected.options, known);
  problems.push(...(options.problems ?? []).map((problem) => `options: ${problem}`));
  return options.data;
}

function checkGraph(entries: readonly PlacedEntry[], problems: string[]): void {
  const earlier = new Set<string>();
  const all = new Set(entries.map((entry) => entry.id));
  for (const { id, needs } of entries) {
    if (!runbookId.test(id))
      problems.push(`the step id "${id}" must be lower-case words joined by dashes, such as copy-data`);
    if (earlier.has(id)) problems.push(`the step id "${id}" is used twice`);
    for (const need of needs) {
      if (earlier.has(need)) continue;
      problems.push(
        all.has(need)
          ? `step "${id}" needs "${need}", which comes later (or is itself); a step can need earlier ones only`
          : `step "${id}" needs "${need}", and there is no such step.${didYouMean(need, [...earlier])}`,
      );
    }
    earlier.add(id);
  }
}

/** What takes effect at a boot can be confirmed after one only. */
function checkConfirmable(nodes: readonly Node[], problems: string[]): void {
  for (const node of nodes) {
    if (node.kind !== 'step' || node.confirmWithin === undefined || node.effective === 'now') continue;
    if (nodes.some((other) => other.kind === 'reboot' && other.needs.includes(node.id))) continue;
    problems.push(
      `step "${node.id}" takes effect at boot and has confirmWithin, and no reboot needs it: add .reboot(…, { needs: ['${node.id}'] })`,
    );
  }
}

function canProveAgain(node: Node): boolean {
  if (node.kind !== 'step') return node.kind === 'check';
  return node.reversal === 'readonly' || node.body.verify !== undefined;
}

/** What a soak keeps fresh must be there, and must be able to prove itself again. */
function checkFresh(nodes: readonly Node[], problems: string[]): void {
  const earlier = new Map<string, Node>();
  for (const node of nodes) {
    for (const id of node.kind === 'soak' ? node.fresh : []) {
      const fresh = earlier.get(id);
      if (fresh === undefined) {
        problems.push(
          `soak "${node.id}" keeps "${id}" fresh, and no earlier step has that id.${didYouMean(id, [...earlier.keys()])}`,
        );
      } else if (!canProveAgain(fresh)) {
        problems.push(
          `soak "${node.id}" keeps "${id}" fresh, which cannot prove itself again: name a check, a step that only reads, or one with a verify`,
        );
      }
    }
    earlier.set(node.id, node);
  }
}
