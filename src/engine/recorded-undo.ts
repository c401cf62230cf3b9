import type { RecordedUndo } from '../journal/event.ts';
import type { CapturedContext, Node, StepNode } from '../runbook/index.ts';
import { checkedBreakGlass, checkedUndo } from './commands.ts';

/** The undo as data, computed before the act from what was captured. */
export function recordUndo(node: Node, context: CapturedContext): RecordedUndo {
  if (node.kind !== 'step' || node.reversal === 'readonly') return { kind: 'nothing' };
  if (node.reversal === 'irreversible')
    return { kind: 'irreversible', why: node.irreversible ?? 'it cannot be undone' };
  return undoData(node, context);
}

function undoData(node: StepNode, context: CapturedContext): RecordedUndo {
  const { undo } = node;
  if (undo === undefined) return { kind: 'nothing' };
  if (typeof undo === 'function') {
    return { kind: 'data', actions: checkedUndo(node.id, undo(context)) as never };
  }
  const breakGlass = typeof undo.breakGlass === 'function' ? undo.breakGlass(context) : undo.breakGlass;
  const { operation } = node;
  return {
    kind: 'code',
    ...(operation === undefined ? {} : { operation: `${operation.name} ${operation.version}` }),
    describe: typeof undo.describe === 'function' ? undo.describe(context) : undo.describe,
    breakGlass:
      typeof breakGlass === 'string' ? breakGlass : (checkedBreakGlass(node.id, breakGlass) as never),
  };
}
