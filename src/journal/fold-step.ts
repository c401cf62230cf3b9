import type { JournalEvent } from './event.ts';
import type { StepState } from './state.ts';

type StepEvent = Extract<JournalEvent, { step: string }>;

/** Brings one step forward by an event that is about it. */
export function applyToStep(
  step: StepState,
  event: Exclude<StepEvent, { type: 'step.tried' | 'step.noted' | 'command.started' | 'command.ended' }>,
): void {
  switch (event.type) {
    case 'step.started':
      step.status = 'started';
      step.attempts = event.attempt;
      step.startedSeq ??= event.seq;
      step.startedBoot ??= event.boot;
      step.intent ??= { captured: event.captured, undo: event.undo };
      step.deadline =
        event.confirmWithin === undefined
          ? undefined
          : {
              ...{ withinMs: event.confirmWithin, boot: event.boot, clocks: event.clocks },
              ...{ armedSeq: event.seq, decided: undefined },
            };
      step.undone = false;
      step.rollsBack = false;
      step.skipped = undefined;
      step.error = undefined;
      step.finding = undefined;
      step.knownLimitation = undefined;
      return;
    case 'step.completed':
      step.status = 'done';
      step.rollsBack = false;
      step.output = event.output;
      step.completedAt = event.at;
      step.error = undefined;
      step.finding = undefined;
      step.knownLimitation = event.knownLimitation;
      if (event.clocks !== undefined) step.verifiedAt = event.clocks;
      return;
    case 'step.skipped':
      step.status = 'skipped';
      step.skipped = event.why;
      step.undone = false;
      step.error = undefined;
      step.output = event.output;
      return;
    case 'step.failed':
      step.status = 'failed';
      step.error = event.error;
      step.finding = event.finding;
      step.knownLimitation = event.knownLimitation;
      step.rollsBack = event.goesBack === true;
      return;
    case 'step.interrupted':
      step.status = 'interrupted';
      return;
    case 'step.settled':
      if (event.as === 'not-started' || event.as === 'partial') step.status = event.as;
      step.rollsBack = false;
      return;
    case 'step.verified':
      step.verifiedAt = event.clocks;
      if (event.output !== undefined) {
        step.output = event.output;
        step.knownLimitation = event.knownLimitation;
      }
      return;
    case 'irreversible.accepted':
      step.accepted = true;
      return;
    case 'step.confirmed':
    case 'step.expired':
      // Whichever came first stands.
      if (step.deadline) step.deadline.decided ??= event.type === 'step.confirmed' ? 'confirmed' : 'expired';
      return;
    case 'undo.needs-waived':
      step.needsWaived = true;
      return;
    case 'later-writes.decided':
      step.laterWrites = event.decision;
      return;
    case 'gate.entered':
      step.status = 'waiting';
      step.startedSeq ??= event.seq;
      step.undone = false;
      step.gate = {
        ...{ kind: event.kind, says: event.says, min: event.min, max: event.max, maxGap: event.maxGap },
        enteredBoot: event.boot,
        enteredAt: event.at,
        sampler: event.sampler,
        samples: [],
        stopped: undefined,
        forgiven: 0,
        openedSeq: undefined,
      };
      return;
    case 'gate.sampled': {
      const { healthy, readings, counters = {}, lasting = [], sampler, confirms = false } = event;
      const { boot, clocks, at } = event;
      step.gate?.samples.push({
        ...{ healthy, readings, counters, lasting, sampler, confirms, boot, clocks, at },
      });
      return;
    }
    case 'soak.stopped':
      if (step.gate) step.gate.stopped = event.unhealthy;
      step.rollsBack = event.goesBack === true;
      return;
    case 'soak.continued':
      goOnSoaking(step);
      return;
    case 'gate.opened':
      step.status = 'done';
      step.output = event.input;
      step.completedAt = event.at;
      if (step.gate) step.gate.openedSeq = event.seq;
      return;
    case 'undo.started':
      step.status = 'undoing';
      return;
    case 'undo.failed':
      step.status = 'undo-failed';
      step.error = event.error;
      return;
    case 'undo.interrupted':
      step.status = 'undoing';
      return;
    case 'undo.completed':
      forget(step);
  }
}

/** Somebody looked, so a soak that had stopped goes on, and its failures are counted anew. */
export function goOnSoaking({ gate, rollsBack }: StepState): void {
  if (gate?.stopped === undefined || rollsBack) return;
  gate.stopped = undefined;
  gate.forgiven = gate.samples.length;
}

/**
 * After an undo the step is as if it had never begun: the next start captures anew. Its output stays
 * until then, since a step that is undone later may still ask for it.
 */
function forget(step: StepState): void {
  step.status = 'pending';
  step.undone = true;
  step.startedSeq = undefined;
  step.startedBoot = undefined;
  step.intent = undefined;
  step.completedAt = undefined;
  step.verifiedAt = undefined;
  step.error = undefined;
  step.finding = undefined;
  step.knownLimitation = undefined;
  step.gate = undefined;
  step.accepted = false;
  step.deadline = undefined;
  step.rollsBack = false;
  step.needsWaived = false;
  step.laterWrites = undefined;
}
