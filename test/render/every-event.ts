import type { EventBody } from '../../src/journal/event.ts';
import {
  boot,
  clocks,
  commandEnded,
  commandStarted,
  gateEntered,
  node,
  runStarted,
  stepCompleted,
  stepStarted,
} from './sample-run.ts';

const failure = { code: 'command.failed', message: 'rsync exited with 23', hint: 'Look at the log.' };
const process = { pid: 4711, startTime: '1', bootId: 'b1' };

type Samples = { readonly [Type in EventBody['type']]: EventBody & { readonly type: Type } };

/** One event of every type that there is; the compiler misses a new one. */
export const samples: Samples = {
  'run.started': runStarted([node('copy'), node('go', { kind: 'confirm' })]),
  'run.resumed': { type: 'run.resumed', process, boot, clocks },
  'run.stalled': { type: 'run.stalled', boots: 3 },
  'orphan.ended': { type: 'orphan.ended', process, argv: ['rsync', '-a'], how: 'ended' },
  'operator.notified': { type: 'operator.notified', about: 'the soak stopped', exitCode: 0 },
  'run.interrupted': { type: 'run.interrupted', by: 'SIGINT' },
  'run.completed': { type: 'run.completed' },
  'run.aborted': { type: 'run.aborted', why: 'by hand instead', remains: ['copy: rm -r /target'] },
  'run.changed': {
    type: 'run.changed',
    nodes: [node('copy')],
    fingerprint: 'g',
    changes: ['"go" was removed'],
  },
  'run.moved': { type: 'run.moved', to: '/srv/migrate' },
  'run.opened': { type: 'run.opened', generation: 2, from: '/var/lib/migrate' },
  'journal.repaired': { type: 'journal.repaired', cutBytes: 17 },
  'step.started': stepStarted('copy') as Samples['step.started'],
  'step.tried': { type: 'step.tried', step: 'copy', attempt: 1, try: 1, error: failure, nextInMs: 2000 },
  'step.completed': stepCompleted('copy') as Samples['step.completed'],
  'step.skipped': { type: 'step.skipped', step: 'copy', why: 'already-done' },
  'step.failed': { type: 'step.failed', step: 'copy', attempt: 1, error: failure },
  'step.interrupted': { type: 'step.interrupted', step: 'copy', attempt: 1, by: 'SIGTERM' },
  'step.settled': { type: 'step.settled', step: 'copy', as: 'partial', by: 'probe', why: 'half is there' },
  'step.verified': { type: 'step.verified', step: 'copy', clocks },
  'step.noted': { type: 'step.noted', step: 'copy', attempt: 1, note: 'renamed', data: { to: '/old' } },
  'step.confirmed': { type: 'step.confirmed', step: 'copy', from: 'elsewhere' },
  'step.expired': { type: 'step.expired', step: 'copy', why: 'nobody confirmed within 10 minutes' },
  'command.started': commandStarted('copy', 'rsync', '-aHAX', '/nix/') as Samples['command.started'],
  'command.ended': commandEnded('copy') as Samples['command.ended'],
  'gate.entered': gateEntered('go', 'confirm', 'Switch over?') as Samples['gate.entered'],
  'gate.sampled': {
    type: 'gate.sampled',
    step: 'go',
    healthy: false,
    readings: { web: 'no answer' },
    boot,
    clocks,
  },
  'soak.stopped': { type: 'soak.stopped', step: 'go', unhealthy: ['web: no answer'] },
  'soak.continued': { type: 'soak.continued', step: 'go' },
  'gate.opened': { type: 'gate.opened', step: 'go', by: 'person', boot, clocks },
  'irreversible.accepted': { type: 'irreversible.accepted', step: 'copy', by: 'phrase' },
  'rollback.started': { type: 'rollback.started', steps: ['copy'], reboot: false },
  'later-writes.decided': { type: 'later-writes.decided', step: 'copy', decision: 'drop', by: 'flag' },
  'undo.needs-waived': { type: 'undo.needs-waived', step: 'copy', missing: ['the old copy: it is gone'] },
  'undo.started': { type: 'undo.started', step: 'copy', undo: { kind: 'nothing' }, boot },
  'undo.completed': { type: 'undo.completed', step: 'copy', by: 'act' },
  'undo.failed': { type: 'undo.failed', step: 'copy', error: failure },
  'undo.interrupted': { type: 'undo.interrupted', step: 'copy', by: 'SIGHUP' },
  'rollback.reboot-entered': { type: 'rollback.reboot-entered', boot, says: 'reboot now' },
  'rollback.reboot-passed': { type: 'rollback.reboot-passed', boot },
  'rollback.completed': { type: 'rollback.completed' },
};
