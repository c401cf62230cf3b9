import type { RecordedNode } from '../journal/event.ts';
import type { Runbook } from '../runbook/index.ts';
import { digest } from './digest.ts';
import { misfitOf } from './misfit.ts';
import { partsOf, type Parts } from './parts.ts';

/**
 * What a run pins of its runbook, per step: everything that decides what a done step means. Titles,
 * phases and the text of functions do not; a change of those only warns, by the sources' hashes.
 *
 * @param outputs of done steps, which must still fit the schemas
 */
export function recordNodes(
  runbook: Runbook,
  params: unknown,
  outputs: ReadonlyMap<string, unknown> = new Map(),
): RecordedNode[] {
  return runbook.nodes.map((node) => {
    const parts = partsOf(node, params);
    const misfit = outputs.has(node.id) ? misfitOf(node, outputs.get(node.id)) : undefined;
    return {
      id: node.id,
      kind: node.kind,
      title: node.title,
      ...(node.phase === undefined ? {} : { phase: node.phase }),
      needs: [...node.needs],
      reversal: node.kind === 'step' ? node.reversal : 'readonly',
      ...(node.kind === 'step' && node.irreversible !== undefined ? { irreversible: node.irreversible } : {}),
      effective: node.kind === 'step' ? node.effective : 'now',
      fingerprint: digest([node.kind, deciding(parts)]),
      parts: { ...parts, ...(misfit === undefined ? {} : { misfit }) },
    };
  });
}

/** The fingerprint of a whole graph. */
export function fingerprintOf(nodes: readonly RecordedNode[]): string {
  return digest(nodes.map((node) => [node.id, node.needs, node.fingerprint]));
}

/** How a step would be taken back, or whether it would be skipped, is no part of what a done one means. */
function deciding(parts: Parts): Parts {
  return Object.fromEntries(
    Object.entries(parts).filter(([aspect]) => aspect !== 'undo' && aspect !== 'when'),
  );
}
