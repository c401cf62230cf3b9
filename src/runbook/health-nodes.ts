import type { HealthCheck } from './health-check.ts';
import type { Node } from './node.ts';
import { shown } from './shown.ts';
import { toNode } from './to-node.ts';

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
