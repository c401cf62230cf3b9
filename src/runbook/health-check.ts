import type { ReadContext, StepContext } from './context.ts';
import type { Node } from './node.ts';
import { shown } from './shown.ts';
import type { Finding } from './step.ts';
import { toNode } from './to-node.ts';

/** What is asked of what a runbook has made, as long as it lives: a check that no run makes. */
export interface HealthCheck<Params> {
  /** Lower-case words joined by dashes. */
  readonly id: string;
  /** A line for people; the id when left out. */
  readonly title?: string;
  /** The group under which it is shown. */
  readonly phase?: string;
  readonly expect: string;
  /** It does not apply when this gives false. */
  readonly when?: (context: StepContext<Params, NoOutputs>) => boolean;
  readonly run: (context: ReadContext<Params, NoOutputs, undefined>) => Finding | Promise<Finding>;
}

/** Nothing is handed from one of them to another. */
type NoOutputs = Readonly<Record<never, never>>;

/** The nodes of health checks, in their order, with the problems told: their types were stripped. */
export function healthNodes(given: readonly unknown[], problems: string[]): readonly Node[] {
  const seen = new Set<string>();
  return given.flatMap((each): Node[] => {
    const { id, phase, ...definition } = (each ?? {}) as Partial<HealthCheck<never>>;
    if (typeof id !== 'string' || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)) {
      problems.push(`a health check has the id ${shown(id)}: lower-case words joined by dashes are expected`);
      return [];
    }
    if (seen.has(id)) problems.push(`the health check "${id}" is there twice`);
    seen.add(id);
    const node = toNode({ kind: 'check', id, phase, needs: [], outputNames: {}, definition }, problems);
    return node === undefined ? [] : [node];
  });
}
