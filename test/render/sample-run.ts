import type { LiveEvent } from '../../src/engine/ports.ts';
import type { EventBody, JournalEvent, RecordedNode } from '../../src/journal/event.ts';

/** Events as a journal would number them, for tests of what is shown. */
export function journalOf(...bodies: readonly EventBody[]): JournalEvent[] {
  return bodies.map((body, index) => eventAt(index, body));
}

/** @param seconds after noon */
export function eventAt(seconds: number, body: EventBody): JournalEvent {
  const at = new Date(Date.parse('2026-11-21T12:00:00Z') + seconds * 1000).toISOString();
  return { v: 1, seq: seconds + 1, at, ...body };
}

export function live(...bodies: readonly EventBody[]): LiveEvent[] {
  return journalOf(...bodies).map((event) => ({ type: 'journaled', event }));
}

export const boot = { bootId: 'b1', initStart: '1', pidNamespace: 'pid:[1]' };
export const clocks = { wall: 0, boottime: 0, monotonic: 0 };

export function node(id: string, more: Partial<RecordedNode> = {}): RecordedNode {
  return {
    id,
    kind: 'step',
    title: id,
    needs: [],
    reversal: 'undo',
    effective: 'now',
    fingerprint: id,
    ...more,
  };
}

export function runStarted(nodes: RecordedNode[]): EventBody & { type: 'run.started' } {
  return {
    type: 'run.started',
    run: 'move-home-20261121-k3f9',
    runbook: 'move-home',
    summary: 'Move /home onto its own dataset',
    host: 'thinky',
    params: {},
    nodes,
    fingerprint: 'f',
    source: { file: '/etc/runbooks/move-home.ts', files: {} },
    tools: {},
    claims: [],
    boot,
    generation: 1,
  };
}

export function stepStarted(step: string, attempt = 1): EventBody {
  return { type: 'step.started', step, attempt, undo: { kind: 'nothing' }, boot, clocks };
}

export function stepCompleted(step: string): EventBody {
  return { type: 'step.completed', step, attempt: 1, by: 'act', verified: true };
}

export function commandStarted(step: string, ...argv: string[]): EventBody {
  return { type: 'command.started', step, attempt: 1, number: 1, argv, undoing: false };
}

export function commandEnded(step: string, exitCode: number | null = 0): EventBody {
  return { type: 'command.ended', step, attempt: 1, number: 1, exitCode, ms: 1200 };
}

export function gateEntered(
  step: string,
  kind: 'confirm' | 'manual' | 'reboot' | 'soak',
  says: string,
): EventBody {
  return { type: 'gate.entered', step, kind, says, boot, clocks };
}
