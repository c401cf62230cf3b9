import type { RunState } from '../../src/journal/state.ts';

/** What every later version must know of a run as well, in words that do not change with it. */
export function summaryOf(state: RunState): unknown {
  return {
    run: state.run,
    runbook: state.runbook,
    status: state.status,
    generation: state.generation,
    params: state.params,
    lastSeq: state.lastSeq,
    steps: state.nodes.map(({ id }) => {
      const step = state.steps.get(id);
      return {
        id,
        status: step?.status ?? 'pending',
        attempts: step?.attempts ?? 0,
        undone: step?.undone ?? false,
        ...(step?.intent === undefined
          ? {}
          : { captured: step.intent.captured ?? null, undo: step.intent.undo.kind }),
        ...(step?.output === undefined ? {} : { output: step.output }),
        ...(step?.finding === undefined ? {} : { finding: step.finding }),
        ...(step?.knownLimitation === undefined ? {} : { known: step.knownLimitation }),
      };
    }),
  };
}
