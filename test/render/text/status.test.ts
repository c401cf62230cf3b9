import { describe, expect, test } from 'vitest';
import type { RunStatusDocument } from '../../../src/render/documents/index.ts';
import { styleFor } from '../../../src/render/style.ts';
import { statusText } from '../../../src/render/text/status.ts';
import { wayBackText } from '../../../src/render/text/way-back.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

const run: RunStatusDocument = {
  run: 'move-home-20261121-k3f9',
  runbook: 'move-home',
  summary: 'Move /home',
  host: 'thinky',
  folder: '/var/lib/migrate/runs/move-home-20261121-k3f9',
  status: 'running',
  atWork: null,
  startedAt: '2026-11-21T11:00:00Z',
  lastAt: '2026-11-21T11:30:00Z',
  params: {},
  steps: [
    { id: 'copy', title: 'Copy it', phase: 'Copy', kind: 'step', status: 'done', attempts: 2 },
    { id: 'settle', title: 'settle', phase: 'Watch', kind: 'soak', status: 'waiting', attempts: 0 },
    { id: 'cleanup', title: 'cleanup', kind: 'step', status: 'pending', attempts: 0, error: 'bell\u0007' },
  ],
  gates: [
    {
      step: 'settle',
      kind: 'soak',
      says: 'observed healthy',
      since: '2026-11-21T11:30:00Z',
      countedMs: 600_000,
      minMs: 86_400_000,
      opensAt: '2026-11-22T11:50:00Z',
      unhealthy: ['web: no answer'],
      notCounted: ['up to 11:40: the machine slept'],
    },
  ],
  next: ['migrate resume move-home-20261121-k3f9'],
  wayBack: { open: true, until: 'cleanup', past: null, to: ['copy'] },
};

function text(change: Partial<RunStatusDocument> = {}): string {
  return statusText({ type: 'status', runs: [{ ...run, ...change }], damaged: [] }, styleFor(false), now);
}

describe('the status of a run', () => {
  test('tells where it stands, what it waits for, and the command that goes on', () => {
    expect(text()).toContain('unfinished; 1 of 3 steps');
    expect(text()).toMatch(/copy {5}Copy it {2}done; 2 attempts/);
    expect(text()).toContain('Next: migrate resume move-home-20261121-k3f9');
  });

  test('tells how much of a soak counts, when it opens, and what does not count', () => {
    expect(text()).toContain('observed healthy for 10m of 1d');
    expect(text()).toMatch(/opens .* \(in 23h 50m\) at the earliest/);
    expect(text()).toContain('not healthy: web: no answer');
    expect(text()).toContain('did not count: up to 11:40: the machine slept');
  });

  test('names the process that works on it', () => {
    expect(text({ atWork: 4711 })).toContain('process 4711 works on it');
  });

  test('drives no terminal, whatever failed', () => {
    expect(text()).toContain(String.raw`bell\x07`);
  });

  test('is empty, and says so, when nothing is unfinished', () => {
    expect(statusText({ type: 'status', runs: [], damaged: [] }, styleFor(false), now)).toContain('No run is unfinished');
  });
});

describe('the way back', () => {
  const way = run.wayBack;

  test('is told with the step that closes it', () => {
    expect(wayBackText('r', way)).toBe('It can be rolled back until cleanup begins: migrate rollback r');
    expect(wayBackText('r', { ...way, until: null })).toContain('at any time');
  });

  test('is closed past the point of no return, but for what came after', () => {
    const past = { open: false, until: null, past: 'cleanup', to: [] };
    expect(wayBackText('r', past)).toBe('Past the point of no return: cleanup is done.');
    expect(wayBackText('r', { ...past, to: ['cleanup'] })).toContain('migrate rollback r --to cleanup');
  });

  test('is not offered when there is nothing to undo', () => {
    expect(wayBackText('r', { ...way, open: false })).toBe('Nothing is left to undo.');
  });
});
