import { isOver, stepState, type RunState, type StepState } from '../../journal/state.ts';
import type { DoctorFinding } from '../../render/documents/doctor.ts';
import type { RunFacts } from './run-facts.ts';

const about = 'steps';
const captureShown = 200;

/** Which steps are done, which are in doubt, and who will be asked about them. */
export function stepFindings(facts: RunFacts): DoctorFinding[] {
  const { state, lock } = facts;
  if (state === undefined) return [];
  const all = [...state.nodes, ...state.removed].map(({ id }) => stepState(state, id));
  const done = all.filter(({ status }) => status === 'done' || status === 'skipped').length;
  const known: DoctorFinding = {
    about,
    verdict: 'sound',
    says: `${done} of ${state.nodes.length} are done; the run is ${state.status}${waitsText(all)}`,
  };
  const atWork = lock !== undefined && 'standing' in lock && lock.standing === 'alive';
  if (isOver(state) || atWork) return [known];
  return [known, ...all.flatMap((step) => doubtOf(step, facts, state))];
}

/** The step whose end was acknowledged last. */
export function lastDone({ events }: RunFacts): string | null {
  const last = events.findLast(({ type }) => type === 'step.completed' || type === 'gate.opened');
  return last !== undefined && 'step' in last ? (last.step ?? null) : null;
}

function waitsText(all: readonly StepState[]): string {
  const gates = all.filter(({ status }) => status === 'waiting').map(({ id }) => id);
  return gates.length === 0 ? '' : `, and waits at ${gates.join(', ')}`;
}

function doubtOf(step: StepState, facts: RunFacts, state: RunState): DoctorFinding[] {
  const found = doubts[step.status];
  if (found === undefined) return [];
  const node = [...state.nodes, ...state.removed].find(({ id }) => id === step.id);
  const ends = step.error === undefined ? '' : `: ${step.error.message.split('\n')[0]}`;
  return [
    {
      about,
      verdict: 'in-doubt',
      says: `${step.id} ${found}${ends}`,
      do: node?.reversal === 'readonly' ? 'It only reads, so it is run again.' : wayOut(step, facts),
    },
  ];
}

const doubts: Partial<Record<StepState['status'], string>> = {
  started: 'was started and has no end',
  interrupted: 'was interrupted',
  failed: 'failed, and what it did until then is unknown',
  partial: 'was found begun and not ended',
  undoing: 'was being undone, and that has no end',
  'undo-failed': 'could not be undone',
};

function wayOut(step: StepState, { events, place }: RunFacts): string {
  if (step.status === 'undoing' || step.status === 'undo-failed') {
    return `migrate rollback ${place.id} undoes it again, which is safe.`;
  }
  const start = events.findLast((event) => event.type === 'step.started' && event.step === step.id);
  const settle = `migrate settle ${place.id} ${step.id} --done --why '…'; or in place of --done: --not-started, --undone`;
  if (start?.type !== 'step.started' || start.probe === undefined) {
    return `It had no probe when it began: it runs again when it says that this is harmless, else a person tells: ${settle}`;
  }
  return `migrate resume ${place.id} asks its probe${withCapture(step.intent?.captured)}; where that cannot tell, a person does: ${settle}`;
}

function withCapture(captured: unknown): string {
  if (captured === undefined) return '';
  const text = JSON.stringify(captured);
  return ` about ${text.length > captureShown ? `${text.slice(0, captureShown)}…` : text}`;
}
