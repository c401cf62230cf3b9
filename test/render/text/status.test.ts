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
  wayBack: { open: true, until: 'cleanup', after: [], notBefore: null, past: null, to: ['copy'] },
};

const noNotices = { waiting: 0, since: null };

function text(change: Partial<RunStatusDocument> = {}): string {
  return statusText(
    { type: 'status', runs: [{ ...run, ...change }], damaged: [], notices: noNotices },
    styleFor(false),
    now,
  );
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

  test('tells what each probe of a soak said last, who asked, and who will', () => {
    const [gate] = run.gates as [(typeof run.gates)[0] & object];
    const looked = {
      lookedAt: '2026-11-21T11:57:00Z',
      sampler: 'timer',
      readings: { web: true, disk: false },
    };
    const told = text({
      gates: [{ ...gate, ...looked, counters: { restarts: '3' }, looks: 'timer' }],
    } as never);
    expect(told).toMatch(/looked at .*\(3m ago\) by the timer/);
    expect(told).toContain('web: healthy');
    expect(told).toContain('disk: not healthy');
    expect(told).toContain('restarts: 3');
    expect(told).toContain('the timer looks again and again');
    const alone = text({ gates: [{ ...gate, looks: 'resume', maxGapMs: 900_000 }] });
    expect(alone).toContain('nobody looks by itself: resume at least every 15m');
  });

  test('says of a stopped soak that nobody looks until somebody decides', () => {
    const [gate] = run.gates as [(typeof run.gates)[0] & object];
    const { opensAt: _, ...stopped } = { ...gate, stopped: ['web: no answer'] };
    const told = text({ gates: [stopped] });
    expect(told).toContain('STOPPED, it was not healthy: web: no answer. Nobody looks until you decide');
    expect(told).not.toContain('opens');
  });

  test('tells of the latest stretches that did not count, and how many were before', () => {
    const [gate] = run.gates as [(typeof run.gates)[0] & object];
    const told = text({
      gates: [{ ...gate, notCounted: Array.from({ length: 9 }, (__, at) => `stretch ${at}`) }],
    });
    expect(told).toContain('did not count: 4 earlier stretches');
    expect(told).not.toContain('stretch 3');
    expect(told).toContain('did not count: stretch 8');
  });

  test('names the process that works on it', () => {
    expect(text({ atWork: 4711 })).toContain('process 4711 works on it');
  });

  test('drives no terminal, whatever failed', () => {
    expect(text()).toContain(String.raw`bell\x07`);
  });

  test('is empty, and says so, when nothing is unfinished', () => {
    expect(
      statusText({ type: 'status', runs: [], damaged: [], notices: noNotices }, styleFor(false), now),
    ).toContain('No run is unfinished');
  });

  test('names the latest run and how it ended, when nothing is unfinished', () => {
    const latest = { run: 'small-1', status: 'ended' as const, lastAt: '2026-11-21T11:00:00Z' };
    expect(
      statusText({ type: 'status', runs: [], latest, damaged: [], notices: noNotices }, styleFor(false), now),
    ).toMatch(/^No run is unfinished\. See the latest, ended with FAIL .* 11:00 .*: migrate status small-1$/);
  });
});

test('notices that wait to be told are named, also when nothing is unfinished', () => {
  const notices = { waiting: 2, since: '2026-11-21T11:00:00Z' };
  const said = statusText({ type: 'status', runs: [], damaged: [], notices }, styleFor(false), now);
  expect(said).toMatch(
    /^No run is unfinished[^]*\n\n2 notices wait to be told, the oldest of .*: migrate notify deliver$/,
  );
});

describe('the way back', () => {
  const way = run.wayBack;

  test('is told with the step that closes it', () => {
    expect(wayBackText('r', way)).toBe('It can be rolled back until cleanup begins: migrate rollback r');
    expect(wayBackText('r', { ...way, until: null })).toContain('at any time');
  });

  test('is told with what must open before it closes, and when that may be at the earliest', () => {
    const waits = { ...way, after: ['settle'], notBefore: '2026-11-22T11:50:00.000Z' };
    expect(wayBackText('r', waits)).toBe(
      'It can be rolled back until cleanup begins, which waits for settle, 2026-11-22T11:50:00Z at the earliest: migrate rollback r',
    );
    expect(wayBackText('r', waits, now)).toContain('(in 23h 50m) at the earliest');
    expect(text({ wayBack: { ...way, to: ['e', 'd', 'c', 'b', 'a'] } })).toContain(
      'Or in part, to one of: e, d, c, b and 1 earlier; migrate rollback move-home-20261121-k3f9 --to e',
    );
  });

  test('is told with what it needs and does not find, and with what it would lose', () => {
    const base = { step: 'copy', advisory: false };
    const look = {
      needs: [
        { ...base, name: 'the old tree', holds: 'yes' as const },
        { ...base, name: 'the disk', holds: 'no' as const, why: 'it is not mounted' },
        { ...base, name: 'the snapshot', holds: 'no' as const, why: 'gone', advisory: true },
      ],
      laterWrites: [
        {
          ...{ step: 'copy', where: '/new', since: '2026-11-21T11:00:00.000Z', bytes: 12_000 },
          ...{
            added: 3,
            changed: 1,
            deleted: 0,
            first: ['a\u0007'],
            carryBack: 'copied',
            drop: 'kept aside',
          },
        },
      ],
    };
    const said = text({ wayBack: { ...way, ...look } });
    expect(said).toContain('+ copy: the old tree\n');
    expect(said).toContain('x copy: the disk: it is not mounted\n');
    expect(said).toContain('x copy: the snapshot: gone (it goes without)');
    expect(said).toContain('Written to /new since 2026-11-21T11:00:00Z, which copy would lose:');
    expect(said).toContain('3 new, 1 changed, 0 deleted, 12.0 kB');
    expect(said).toContain(String.raw`a\x07`);
    expect(said).toContain('and 3 more');
    expect(said).toContain('--later-writes drop: kept aside');
  });

  test('is closed past the point of no return, but for what came after', () => {
    const past = { ...way, open: false, until: null, past: 'cleanup', to: [] };
    expect(wayBackText('r', past)).toBe('Past the point of no return: cleanup is done.');
    expect(wayBackText('r', { ...past, to: ['cleanup'] })).toContain('migrate rollback r --to cleanup');
  });

  test('is not offered when there is nothing to undo', () => {
    expect(wayBackText('r', { ...way, open: false })).toBe('Nothing is left to undo.');
  });
});
