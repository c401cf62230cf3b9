import { durationMs, type Duration, type Node, type SoakNode, type StepNode } from '../runbook/index.ts';
import { digest } from './digest.ts';
import { schemaMeaning } from './schema-meaning.ts';
import { conditionOf, plainCommands, templateContext, templateOf, undoTemplate } from './template.ts';

/**
 * By aspect, what a step means: a word or number where there is one, else a fingerprint. No value of a
 * parameter stands in it in the clear, since it may be a secret's.
 */
export type Parts = Readonly<Record<string, string>>;

export function partsOf(node: Node, params: unknown): Parts {
  const parts = {
    locks: node.locks.length === 0 ? undefined : node.locks.toSorted().join(', '),
    when: conditionOf(node, params),
    ...ownParts(node, params),
  };
  return Object.fromEntries(
    Object.entries(parts).flatMap(([aspect, value]) =>
      value === undefined ? [] : [[aspect, isShort(aspect) ? String(value) : digest(value)]],
    ),
  );
}

/** Shown to whoever reads a difference. */
const words = ['locks', 'operation', 'reversal', 'effective', 'confirmWithin', 'min', 'max', 'maxGap'];

function isShort(aspect: string): boolean {
  return words.includes(aspect);
}

function ownParts(node: Node, params: unknown): Readonly<Record<string, unknown>> {
  switch (node.kind) {
    case 'step':
      return stepParts(node, params);
    case 'check':
      return { expect: node.expect };
    case 'soak':
      return soakParts(node, params);
    case 'confirm':
    case 'manual':
      return { answers: schemaMeaning(node.input) };
    case 'reboot':
      return {};
  }
}

function stepParts(node: StepNode, params: unknown): Readonly<Record<string, unknown>> {
  const { operation, body, confirmWithin } = node;
  const context = templateContext(node, params);
  return {
    reversal: node.reversal,
    effective: node.effective,
    confirmWithin: confirmWithin === undefined ? undefined : durationMs(confirmWithin),
    output: schemaMeaning(body.output),
    // What an operation does is what its version says.
    ...(operation === undefined
      ? {
          commands: templateOf(body.commands, context, plainCommands as never),
          undo: undoTemplate(node, context),
        }
      : {
          operation: `${operation.name} ${operation.version}`,
          input: templateOf(operation.with as never, context),
        }),
  };
}

function soakParts(node: SoakNode, params: unknown): Readonly<Record<string, unknown>> {
  const limit = (given: SoakNode['min']) =>
    typeof given === 'function'
      ? templateOf(given as never, templateContext(node, params), milliseconds as never)
      : durationMs(given);
  return {
    min: text(limit(node.min)),
    max: text(limit(node.max)),
    maxGap: durationMs(node.maxGap),
    fresh: node.fresh.length === 0 ? undefined : node.fresh,
    probes: node.probes.map(({ name, counter, lasts = 'boot' }) =>
      counter === undefined ? name : { name, lasts },
    ),
    tolerate: node.tolerate === 0 ? undefined : node.tolerate,
  };
}

function milliseconds(duration: Duration): number {
  return durationMs(duration);
}

/** Where only a run knows how long, the text of the function tells whether it is the same. */
function text(limit: unknown): string {
  return typeof limit === 'number' ? String(limit) : digest(limit);
}
