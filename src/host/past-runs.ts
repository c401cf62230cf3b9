import { StateError } from '../errors.ts';
import { fold } from '../journal/fold.ts';
import { workedMs } from '../journal/worked.ts';
import type { PastRun, PastRuns } from '../runbook/index.ts';
import { readScan } from './journal-file.ts';
import { listRuns, runbookOfRun, type RunFolder } from './runs.ts';

/** The runs of a state folder, for runbooks that build on each other. It only reads. */
export function pastRunsIn(stateFolder: string): PastRuns {
  return {
    of: async (runbook) => {
      const places = (await listRuns(stateFolder)).filter(({ id }) =>
        [runbook, undefined].includes(runbookOfRun(id)),
      );
      const runs = await Promise.all(places.map((place) => lookAt(place, runbook)));
      return runs
        .filter((run) => run !== undefined)
        .toSorted((one, other) => one.startedAt.localeCompare(other.startedAt));
    },
  };
}

/** `undefined` for a run of another runbook, and for a start that was broken off before it was a run. */
async function lookAt({ id, journal }: RunFolder, runbook: string): Promise<PastRun | undefined> {
  const damaged: PastRun = {
    id,
    runbook,
    status: 'damaged',
    params: undefined,
    startedAt: '',
    lastAt: '',
    waitsAt: [],
    workedMs: 0,
    done: [],
  };
  try {
    const { events, damage } = await readScan(journal);
    if (damage === undefined && events.length === 0) return undefined;
    const state = events.length === 0 ? undefined : fold(events);
    if ((state?.runbook ?? runbookOfRun(id)) !== runbook) return undefined;
    if (damage !== undefined || state?.run !== id) return damaged;
    const steps = state.nodes.map((node) => ({ node, step: state.steps.get(node.id) }));
    return {
      ...damaged,
      status: state.status,
      params: state.params,
      startedAt: state.startedAt,
      lastAt: state.lastAt,
      waitsAt: steps.flatMap(({ node, step }) => (step?.status === 'waiting' ? [node.id] : [])),
      workedMs: workedMs(events),
      done: steps.flatMap(({ node, step }) =>
        step?.status === 'done'
          ? [{ step: node.id, at: step.completedAt ?? state.lastAt, output: step.output }]
          : [],
      ),
    };
  } catch (error) {
    if (error instanceof StateError) return runbookOfRun(id) === runbook ? damaged : undefined;
    throw error;
  }
}
