import {
  formatCommand,
  isRestoreFile,
  type CapturedContext,
  type GateNode,
  type StepContext,
  type StepNode,
} from '../runbook/index.ts';

/** What a step does and how it is undone, where some of its values are not known yet. */
export function guessedTexts(
  node: StepNode,
  context: CapturedContext,
): { does: readonly string[]; undoes: readonly string[] } {
  return {
    does: attempt(() => doesOf(node, context)) ?? ['known at run time'],
    undoes: attempt(() => undoesOf(node, context)) ?? ['known at run time'],
  };
}

/** @throws whatever the step's own functions throw */
export function doesOf(node: StepNode, context: CapturedContext): string[] {
  return [...actOf(node, context), ...confirmationOf(node)];
}

/** What is asked for after the act, where it may cut off whoever could take it back. */
export function confirmationOf({ confirmWithin }: StepNode): string[] {
  return confirmWithin === undefined ? [] : [`waits for a word within ${confirmWithin}, or is undone`];
}

function actOf(node: StepNode, context: CapturedContext): string[] {
  if (node.body.commands !== undefined) return node.body.commands(context).map(formatCommand);
  const described =
    typeof node.body.describe === 'function' ? node.body.describe(context) : (node.body.describe ?? '');
  return (typeof described === 'string' ? [described] : described).map((line) =>
    typeof line === 'string' ? line : formatCommand(line),
  );
}

/** @throws whatever the step's own functions throw */
export function undoesOf(node: StepNode, context: CapturedContext): string[] {
  if (node.reversal === 'irreversible') return [`cannot be undone: ${node.irreversible ?? ''}`];
  if (node.undo === undefined) return [];
  if (typeof node.undo === 'object')
    return [typeof node.undo.describe === 'function' ? node.undo.describe(context) : node.undo.describe];
  return node
    .undo(context)
    .map((action) => (isRestoreFile(action) ? `restore ${action.restore}` : formatCommand(action)));
}

/** What a gate waits for. */
export function gateDoes(node: GateNode, context: StepContext): string {
  const text = (value: string | ((context: StepContext) => string | number)) =>
    typeof value === 'function' ? (attempt(() => `${value(context)}`) ?? 'known at run time') : value;
  switch (node.kind) {
    case 'confirm':
      return `asks: ${text(node.ask)}`;
    case 'manual':
      return `waits for a person: ${text(node.instructions)}`;
    case 'reboot':
      return `waits for a reboot: ${text(node.instructions)}`;
    case 'soak':
      return `waits for ${typeof node.min === 'function' ? text(node.min) : node.min} of observed healthy time (${node.probes.map(({ name }) => name).join(', ')})`;
  }
}

/** What the work gives, or `undefined` when it throws. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
